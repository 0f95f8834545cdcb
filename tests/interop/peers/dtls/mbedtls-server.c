/*
 * A DTLS 1.2 echo server on Mbed TLS, one association after the other, for tests/interop.
 * usage: mbedtls-server CERTIFICATE KEY; prints "port N" when it can be talked to.
 * It asks for a cookie, gives session tickets, sends every datagram back, answers close_notify with its own, and says so.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cookie.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/timing.h>

static mbedtls_net_context listening, client;
static mbedtls_ssl_context ssl;
static mbedtls_timing_delay_context timer;

static int establish(void) {
  for (;;) {
    unsigned char address[16];
    size_t length;
    int result;
    mbedtls_net_free(&client);
    mbedtls_ssl_session_reset(&ssl);
    if (mbedtls_net_accept(&listening, &client, address, sizeof address, &length) != 0) return 0;
    mbedtls_ssl_set_client_transport_id(&ssl, address, length);
    mbedtls_ssl_set_bio(&ssl, &client, mbedtls_net_send, mbedtls_net_recv, mbedtls_net_recv_timeout);
    do
      result = mbedtls_ssl_handshake(&ssl);
    while (result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE);
    if (result == 0) return 1;
    if (result != MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED) printf("handshake failed: -0x%04x\n", (unsigned)-result);
  }
}

static void echo(void) {
  unsigned char data[4096];
  for (;;) {
    int got = mbedtls_ssl_read(&ssl, data, sizeof data);
    if (got == MBEDTLS_ERR_SSL_WANT_READ || got == MBEDTLS_ERR_SSL_WANT_WRITE) continue;
    if (got == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
      printf("close_notify came\n");
      mbedtls_ssl_close_notify(&ssl);
      return;
    }
    if (got == MBEDTLS_ERR_SSL_CLIENT_RECONNECT) return;
    if (got <= 0) {
      printf("ended: -0x%04x\n", (unsigned)-got);
      return;
    }
    mbedtls_ssl_write(&ssl, data, (size_t)got);
  }
}

int main(int argc, char **argv) {
  mbedtls_entropy_context entropy;
  mbedtls_ctr_drbg_context random;
  mbedtls_x509_crt certificate;
  mbedtls_pk_context key;
  mbedtls_ssl_config config;
  mbedtls_ssl_cookie_ctx cookies;
  mbedtls_ssl_ticket_context tickets;
  struct sockaddr_in address;
  socklen_t length = sizeof address;

  if (argc != 3) return 2;
  setvbuf(stdout, NULL, _IOLBF, 0);
  mbedtls_net_init(&listening);
  mbedtls_net_init(&client);
  mbedtls_ssl_init(&ssl);
  mbedtls_entropy_init(&entropy);
  mbedtls_ctr_drbg_init(&random);
  mbedtls_x509_crt_init(&certificate);
  mbedtls_pk_init(&key);
  mbedtls_ssl_config_init(&config);
  mbedtls_ssl_cookie_init(&cookies);
  mbedtls_ssl_ticket_init(&tickets);

  if (mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, NULL, 0) != 0 ||
      mbedtls_x509_crt_parse_file(&certificate, argv[1]) != 0 ||
      mbedtls_pk_parse_keyfile(&key, argv[2], NULL) != 0 ||
      mbedtls_net_bind(&listening, "127.0.0.1", "0", MBEDTLS_NET_PROTO_UDP) != 0 ||
      mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_DATAGRAM,
                                  MBEDTLS_SSL_PRESET_DEFAULT) != 0)
    return 1;
  mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &random);
  mbedtls_ssl_conf_own_cert(&config, &certificate, &key);
  if (mbedtls_ssl_cookie_setup(&cookies, mbedtls_ctr_drbg_random, &random) != 0 ||
      mbedtls_ssl_ticket_setup(&tickets, mbedtls_ctr_drbg_random, &random, MBEDTLS_CIPHER_AES_256_GCM, 86400) != 0)
    return 1;
  mbedtls_ssl_conf_dtls_cookies(&config, mbedtls_ssl_cookie_write, mbedtls_ssl_cookie_check, &cookies);
  mbedtls_ssl_conf_session_tickets_cb(&config, mbedtls_ssl_ticket_write, mbedtls_ssl_ticket_parse, &tickets);
  if (mbedtls_ssl_setup(&ssl, &config) != 0) return 1;
  mbedtls_ssl_set_timer_cb(&ssl, &timer, mbedtls_timing_set_delay, mbedtls_timing_get_delay);

  getsockname(listening.fd, (struct sockaddr *)&address, &length);
  printf("port %u\n", ntohs(address.sin_port));
  while (establish()) echo();
  return 0;
}
