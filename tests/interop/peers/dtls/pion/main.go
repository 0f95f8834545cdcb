// A DTLS 1.2 echo server on pion/dtls, for tests/interop: many associations at once, session resumption by ID.
// usage: pion CERTIFICATE KEY; prints "port N" when it can be talked to.
package main

import (
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"sync"

	"github.com/pion/dtls/v3"
)

// sessions is the server's memory of session IDs.
type sessions struct {
	mutex sync.Mutex
	known map[string]dtls.Session
}

func (s *sessions) Set(key []byte, session dtls.Session) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.known[hex.EncodeToString(key)] = session
	return nil
}

func (s *sessions) Get(key []byte) (dtls.Session, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.known[hex.EncodeToString(key)], nil
}

func (s *sessions) Del(key []byte) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.known, hex.EncodeToString(key))
	return nil
}

func echo(connection net.Conn) {
	defer connection.Close()
	data := make([]byte, 4096)
	for {
		length, err := connection.Read(data)
		if err != nil {
			fmt.Println("ended:", err)
			return
		}
		if _, err := connection.Write(data[:length]); err != nil {
			return
		}
	}
}

func main() {
	certificate, err := tls.LoadX509KeyPair(os.Args[1], os.Args[2])
	if err != nil {
		panic(err)
	}
	listener, err := dtls.Listen("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}, &dtls.Config{
		Certificates:         []tls.Certificate{certificate},
		ExtendedMasterSecret: dtls.RequireExtendedMasterSecret,
		SessionStore:         &sessions{known: map[string]dtls.Session{}},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println("port", listener.Addr().(*net.UDPAddr).Port)
	for {
		connection, err := listener.Accept()
		if err != nil {
			fmt.Println("refused:", err)
			continue
		}
		go echo(connection)
	}
}
