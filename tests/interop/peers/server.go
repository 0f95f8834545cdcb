// A server as people write it with Go's crypto/tls: one read, an answer, Close. Prints "port N" once it listens; goes on
// until its standard input ends.
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"os"
)

func main() {
	certificate, err := tls.LoadX509KeyPair(os.Args[1], os.Args[2])
	if err != nil {
		panic(err)
	}
	version := uint16(tls.VersionTLS13)
	if os.Args[3] == "1.2" {
		version = tls.VersionTLS12
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{certificate}, MinVersion: version, MaxVersion: version,
	})
	if err != nil {
		panic(err)
	}
	fmt.Println("port", listener.Addr().String()[len("127.0.0.1:"):])
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	for {
		connection, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		go func() {
			defer connection.Close()
			if n, _ := connection.Read(make([]byte, 4096)); n > 0 {
				io.WriteString(connection, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello from Go\n")
			}
		}()
	}
}
