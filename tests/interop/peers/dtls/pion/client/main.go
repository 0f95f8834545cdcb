// A DTLS 1.2 client on pion/dtls, for tests/interop.
// usage: client PORT AUTHORITY close|wait [again|cid|psk KEY IDENTITY]
// It says something, prints what came back and closes; or it waits for the server's end, which pion answers by itself. "again":
// and a second association resumes the first one's session. KEY is in hexadecimal digits.
package main

import (
	"context"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/pion/dtls/v3"
)

// sessions remembers the newest session, whatever its name.
type sessions struct{ newest dtls.Session }

func (s *sessions) Set(_ []byte, session dtls.Session) error {
	s.newest = session
	return nil
}

func (s *sessions) Get([]byte) (dtls.Session, error) { return s.newest, nil }

func (s *sessions) Del([]byte) error {
	s.newest = dtls.Session{}
	return nil
}

func converse(port int, config *dtls.Config, end string) error {
	connection, err := dtls.Dial("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}, config)
	if err != nil {
		return err
	}
	defer connection.Close()
	limit, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := connection.HandshakeContext(limit); err != nil {
		return err
	}
	fmt.Println("handshake complete")
	data := make([]byte, 4096)
	connection.SetReadDeadline(time.Now().Add(10 * time.Second))
	if end == "wait" {
		_, err = connection.Read(data)
		fmt.Println("end:", err)
		return nil
	}
	if _, err := connection.Write([]byte("over datagrams")); err != nil {
		return err
	}
	length, err := connection.Read(data)
	if err != nil {
		return err
	}
	fmt.Printf("echo: %s\n", data[:length])
	return connection.Close()
}

func main() {
	port, _ := strconv.Atoi(os.Args[1])
	authority, err := os.ReadFile(os.Args[2])
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	config := &dtls.Config{
		RootCAs:              roots,
		ServerName:           "localhost",
		ExtendedMasterSecret: dtls.RequireExtendedMasterSecret,
		SessionStore:         &sessions{},
	}
	times := 1
	if len(os.Args) > 4 {
		switch os.Args[4] {
		case "again":
			times = 2
		case "cid":
			config.ConnectionIDGenerator = dtls.RandomCIDGenerator(4)
		case "psk":
			key, err := hex.DecodeString(os.Args[5])
			if err != nil {
				panic(err)
			}
			config.PSK = func([]byte) ([]byte, error) { return key, nil }
			config.PSKIdentityHint = []byte(os.Args[6])
			config.CipherSuites = []dtls.CipherSuiteID{dtls.TLS_PSK_WITH_AES_128_GCM_SHA256}
		}
	}
	for range times {
		if err := converse(port, config, os.Args[3]); err != nil {
			fmt.Println("failed:", err)
			os.Exit(1)
		}
	}
}
