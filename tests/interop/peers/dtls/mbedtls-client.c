/*
 * A DTLS 1.2 client on Mbed TLS, for tests/interop.
 * usage: mbedtls-client PORT AUTHORITY close|wait [again|psk KEY IDENTITY]
 * It says something, prints what came back, closes, and prints what the server did about that; or it waits for the server's
 * end, and answers it. "again": and a second association resumes the first one's session. KEY is in hexadecimal digits.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/timing.h>

static const char said[] = "over datagrams";
static mbedtls_ssl_config config;

static const char *meaning(int result) {
  static char code[32];
  if (result == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) return "close_notify";
  if (result == MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) return "fatal alert";
  if (result == MBEDTLS_ERR_SSL_TIMEOUT) return "nothing";
  if (result > 0) return "data";
  snprintf(code, sizeof code, "-0x%04x", (unsigned)-result);
  return code;
}

static int waiting(int result) {
  return result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE;
}

static int hear(mbedtls_ssl_context *ssl, unsigned char *data, size_t size, unsigned ms) {
  int result;
  mbedtls_ssl_conf_read_timeout(&config, ms);
  do
    result = mbedtls_ssl_read(ssl, data, size);
  while (waiting(result));
  return result;
}

static int converse(const char *port, const char *end, mbedtls_ssl_session *session, int resumes) {
  mbedtls_net_context socket;
  mbedtls_ssl_context ssl;
  mbedtls_timing_delay_context timer;
  unsigned char data[4096];
  int result;

  mbedtls_net_init(&socket);
  mbedtls_ssl_init(&ssl);
  if (mbedtls_net_connect(&socket, "127.0.0.1", port, MBEDTLS_NET_PROTO_UDP) != 0 ||
      mbedtls_ssl_setup(&ssl, &config) != 0 || mbedtls_ssl_set_hostname(&ssl, "localhost") != 0 ||
      (resumes && mbedtls_ssl_set_session(&ssl, session) != 0))
    return 1;
  mbedtls_ssl_set_bio(&ssl, &socket, mbedtls_net_send, mbedtls_net_recv, mbedtls_net_recv_timeout);
  mbedtls_ssl_set_timer_cb(&ssl, &timer, mbedtls_timing_set_delay, mbedtls_timing_get_delay);
  do
    result = mbedtls_ssl_handshake(&ssl);
  while (waiting(result));
  if (result != 0) {
    printf("failed: %s\n", meaning(result));
    return 1;
  }
  printf("handshake complete: %s\n", mbedtls_ssl_get_ciphersuite(&ssl));
  mbedtls_ssl_get_session(&ssl, session);

  if (strcmp(end, "wait") == 0) {
    printf("end: %s\n", meaning(hear(&ssl, data, sizeof data, 10000)));
    mbedtls_ssl_close_notify(&ssl);
  } else {
    if (mbedtls_ssl_write(&ssl, (const unsigned char *)said, sizeof said - 1) < 0) return 1;
    result = hear(&ssl, data, sizeof data, 10000);
    printf("echo: %.*s\n", result > 0 ? result : 0, (const char *)data);
    mbedtls_ssl_close_notify(&ssl);
    printf("answer: %s\n", meaning(hear(&ssl, data, sizeof data, 3000)));
  }
  mbedtls_net_free(&socket);
  mbedtls_ssl_free(&ssl);
  return 0;
}

static int use_key(const char *hex, const char *identity) {
  unsigned char key[64];
  size_t length = strlen(hex) / 2, at;
  if (length > sizeof key) return -1;
  for (at = 0; at < length; at++) {
    const char digits[3] = {hex[2 * at], hex[2 * at + 1], 0};
    key[at] = (unsigned char)strtoul(digits, NULL, 16);
  }
  return mbedtls_ssl_conf_psk(&config, key, length, (const unsigned char *)identity, strlen(identity));
}

int main(int argc, char **argv) {
  mbedtls_entropy_context entropy;
  mbedtls_ctr_drbg_context random;
  mbedtls_x509_crt authority;
  mbedtls_ssl_session session;
  int again = argc == 5 && strcmp(argv[4], "again") == 0;
  int result;

  if (argc < 4) return 2;
  setvbuf(stdout, NULL, _IOLBF, 0);
  mbedtls_entropy_init(&entropy);
  mbedtls_ctr_drbg_init(&random);
  mbedtls_x509_crt_init(&authority);
  mbedtls_ssl_session_init(&session);
  mbedtls_ssl_config_init(&config);
  if (mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, NULL, 0) != 0 ||
      mbedtls_x509_crt_parse_file(&authority, argv[2]) != 0 ||
      mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_DATAGRAM,
                                  MBEDTLS_SSL_PRESET_DEFAULT) != 0)
    return 1;
  mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &random);
  mbedtls_ssl_conf_ca_chain(&config, &authority, NULL);
  mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_REQUIRED);
  if (argc == 7 && use_key(argv[5], argv[6]) != 0) return 1;
  result = converse(argv[1], argv[3], &session, 0);
  return result == 0 && again ? converse(argv[1], argv[3], &session, 1) : result;
}
