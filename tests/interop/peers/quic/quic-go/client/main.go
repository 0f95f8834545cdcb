// A QUIC client on quic-go, for tests/interop.
// usage: client PORT AUTHORITY close|wait [v2] [again] [big]
// close: it has something sent back over ALPN "echo" (1 MiB with "big") and closes with code 7, "done". wait: it asks for "/" over
// hq-interop, and tells how the server ends the connection. "again": twice, the second time with the session of the first one.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/quic-go/quic-go"
)

func main() {
	words := os.Args[3:]
	authority, err := os.ReadFile(os.Args[2])
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	config := &tls.Config{
		RootCAs:            roots,
		ServerName:         "localhost",
		NextProtos:         []string{"echo"},
		ClientSessionCache: tls.NewLRUClientSessionCache(1),
	}
	times := 1
	if slices.Contains(words, "again") {
		times = 2
	}
	for range times {
		if err := converse(config, words); err != nil {
			fmt.Println("failed:", describe(err))
			os.Exit(1)
		}
	}
}

func converse(config *tls.Config, words []string) error {
	limit, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	versions := []quic.Version{quic.Version1}
	if slices.Contains(words, "v2") {
		versions = []quic.Version{quic.Version2}
	}
	waits := words[0] == "wait"
	if waits {
		config.NextProtos = []string{"hq-interop"}
	}
	target := "127.0.0.1:" + os.Args[1]
	connection, err := quic.DialAddr(limit, target, config, &quic.Config{Versions: versions})
	if err != nil {
		return err
	}
	state := connection.ConnectionState()
	fmt.Printf("connected: %s %s resumed=%t\n", state.Version, state.TLS.NegotiatedProtocol, state.TLS.DidResume)
	stream, err := connection.OpenStreamSync(limit)
	if err != nil {
		return err
	}
	data := []byte("GET /\r\n")
	if !waits {
		data = []byte("over streams")
		if slices.Contains(words, "big") {
			data = make([]byte, 1<<20)
			rand.Read(data)
		}
	}
	go func() {
		stream.Write(data)
		stream.Close()
	}()
	answer, err := io.ReadAll(stream)
	if waits {
		fmt.Printf("answer: %d bytes\n", len(answer))
		select {
		case <-connection.Context().Done():
			fmt.Println("closed:", describe(context.Cause(connection.Context())))
		case <-limit.Done():
			fmt.Println("closed: not at all")
		}
		return nil
	}
	if err != nil {
		return err
	}
	fmt.Printf("echo: %d bytes, the same: %t\n", len(answer), bytes.Equal(answer, data))
	return connection.CloseWithError(7, "done")
}

func describe(err error) string {
	by := map[bool]string{true: "by the peer", false: "by us"}
	var application *quic.ApplicationError
	var transport *quic.TransportError
	switch {
	case errors.As(err, &application):
		return fmt.Sprintf("application %d %q %s", uint64(application.ErrorCode), application.ErrorMessage, by[application.Remote])
	case errors.As(err, &transport):
		return fmt.Sprintf("transport %d %q %s", uint64(transport.ErrorCode), transport.ErrorMessage, by[transport.Remote])
	}
	return err.Error()
}
