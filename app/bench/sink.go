package main

import (
	"bufio"
	"fmt"
	"net"
	"strings"
)

// startSink is a mail server on this machine that accepts every email and stores
// none.
func startSink() (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go swallow(c)
		}
	}()
	return l, nil
}

// swallow handles one connection.
func swallow(c net.Conn) {
	defer c.Close()
	say := func(line string) { fmt.Fprintf(c, "%s\r\n", line) }
	say("220 sink ESMTP")
	inMessage := false
	for in := bufio.NewScanner(c); in.Scan(); {
		line := in.Text()
		verb := strings.ToUpper(line[:min(4, len(line))])
		switch {
		case inMessage && line != ".":
		case inMessage:
			inMessage = false
			say("250 taken")
		case verb == "DATA":
			inMessage = true
			say("354 go on")
		case verb == "QUIT":
			say("221 bye")
			return
		default:
			say("250 sink")
		}
	}
}
