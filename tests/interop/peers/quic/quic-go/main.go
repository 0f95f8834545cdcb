// A QUIC server on quic-go, for tests/interop: HTTP/3, hq-interop and "echo", versions 1 and 2.
// usage: quic-go CERTIFICATE KEY [retry]; prints "port N" when it can be talked to, then what it is asked and how each connection
// ended.
//
// A path, or the first line on a stream of any other protocol, can be an order: "close CODE REASON" (in a path: /close/CODE/REASON)
// has it close the connection, "reset CODE" reset the stream. Everything else on such a stream is sent back.
package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

func main() {
	certificate, err := tls.LoadX509KeyPair(os.Args[1], os.Args[2])
	if err != nil {
		panic(err)
	}
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		panic(err)
	}
	retry := len(os.Args) > 3 && os.Args[3] == "retry"
	transport := quic.Transport{
		Conn:                socket,
		VerifySourceAddress: func(net.Addr) bool { return retry },
	}
	config := &tls.Config{
		Certificates: []tls.Certificate{certificate},
		NextProtos:   []string{"h3", "hq-interop", "echo"},
	}
	listener, err := transport.ListenEarly(config, &quic.Config{Versions: []quic.Version{quic.Version1, quic.Version2}})
	if err != nil {
		panic(err)
	}
	fmt.Println("port", socket.LocalAddr().(*net.UDPAddr).Port)
	for {
		connection, err := listener.Accept(context.Background())
		if err != nil {
			panic(err)
		}
		go serve(connection)
	}
}

func serve(connection *quic.Conn) {
	select {
	case <-connection.HandshakeComplete():
	case <-connection.Context().Done():
		fmt.Println("closed:", describe(context.Cause(connection.Context())))
		return
	}
	state := connection.ConnectionState()
	fmt.Printf("accepted: %s %s resumed=%t\n", state.Version, state.TLS.NegotiatedProtocol, state.TLS.DidResume)
	if state.TLS.NegotiatedProtocol == "h3" {
		server := http3.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
			if !order(connection, nil, strings.Split(strings.TrimPrefix(request.URL.Path, "/"), "/")) {
				fmt.Fprintln(w, "hello from quic-go")
			}
		})}
		go server.ServeQUICConn(connection)
	} else {
		go func() {
			for {
				stream, err := connection.AcceptStream(context.Background())
				if err != nil {
					return
				}
				go talk(connection, stream, state.TLS.NegotiatedProtocol)
			}
		}()
	}
	<-connection.Context().Done()
	fmt.Println("closed:", describe(context.Cause(connection.Context())))
}

// talk reads as fast as it can, and writes beside that: whoever writes first and reads later is not held up.
func talk(connection *quic.Conn, stream *quic.Stream, protocol string) {
	pieces := make(chan []byte, 1<<16)
	go func() {
		for piece := range pieces {
			if _, err := stream.Write(piece); err != nil {
				return
			}
		}
		stream.Close()
	}()
	defer close(pieces)
	reader := bufio.NewReader(stream)
	start, _ := reader.Peek(6)
	if text := string(start); text == "close " || text == "reset " {
		line, _ := reader.ReadString('\n')
		order(connection, stream, strings.SplitN(strings.TrimSpace(line), " ", 3))
		return
	}
	if protocol == "hq-interop" {
		line, _ := reader.ReadString('\n')
		fmt.Println("asked:", strings.TrimSpace(line))
		path := strings.TrimPrefix(strings.TrimSpace(line), "GET /")
		if !order(connection, stream, strings.Split(path, "/")) {
			pieces <- []byte("hello from quic-go\n")
		}
		return
	}
	sum, total := sha256.New(), 0
	for {
		piece := make([]byte, 4096)
		length, err := reader.Read(piece)
		sum.Write(piece[:length])
		total += length
		pieces <- piece[:length]
		if err != nil {
			if errors.Is(err, io.EOF) {
				fmt.Printf("read: %d bytes, sha256 %x\n", total, sum.Sum(nil))
			} else {
				fmt.Println("stream:", describe(err))
			}
			return
		}
	}
}

// order does what the words say; false when they say nothing.
func order(connection *quic.Conn, stream *quic.Stream, words []string) bool {
	if len(words) < 2 {
		return false
	}
	code, err := strconv.ParseUint(words[1], 10, 62)
	if err != nil {
		return false
	}
	switch words[0] {
	case "close":
		connection.CloseWithError(quic.ApplicationErrorCode(code), strings.Join(words[2:], " "))
	case "reset":
		stream.CancelRead(quic.StreamErrorCode(code))
		stream.CancelWrite(quic.StreamErrorCode(code))
	default:
		return false
	}
	return true
}

func describe(err error) string {
	by := map[bool]string{true: "by the peer", false: "by us"}
	var application *quic.ApplicationError
	var transport *quic.TransportError
	var stream *quic.StreamError
	switch {
	case errors.As(err, &application):
		return fmt.Sprintf("application %d %q %s", uint64(application.ErrorCode), application.ErrorMessage, by[application.Remote])
	case errors.As(err, &transport):
		return fmt.Sprintf("transport %d %q %s", uint64(transport.ErrorCode), transport.ErrorMessage, by[transport.Remote])
	case errors.As(err, &stream):
		return fmt.Sprintf("stream %d %s", uint64(stream.ErrorCode), by[stream.Remote])
	}
	return err.Error()
}
