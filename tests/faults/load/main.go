// Command load visits the sites of a front for as long as it is told and counts what failed.
//
// Two kinds of visitors at once, half of each by HTTP/1.1 and half by HTTP/2, all over TLS with checked certificates:
//
//   - new ones open a connection, ask once and close it. Whatever fails on it is a failed new connection.
//   - kept ones hold their connections open and ask again and again. A request that finds its idle connection closed
//     (or gets a GOAWAY) is sent once more on a new one, as browsers do. What fails all the same is a lost request.
//
// The result is one JSON object on stdout.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

type settings struct {
	address string
	roots   *x509.CertPool
	names   []string
	limit   time.Duration
}

func main() {
	address := flag.String("address", "", "address and port of the front")
	roots := flag.String("roots", "", "PEM file of the certificates that are trusted")
	names := flag.String("names", "", "file with a host name on each line")
	total := flag.Int64("connections", 1<<62, "how many new connections to open; then it ends")
	fresh := flag.Int("new", 16, "visitors that open new connections")
	kept := flag.Int("kept", 8, "visitors that keep their connections")
	limit := flag.Duration("limit", 20*time.Second, "how long one connection or request may take")
	flag.Parse()

	what, err := read(*address, *roots, *names, *limit)
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(2)
	}
	// SIGTERM ends it early: what is under way is finished and counted.
	stop, end := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer end()

	results := map[string]*Result{"h1": newResult(), "h2": newResult()}
	started := time.Now()
	var visitors, openers sync.WaitGroup
	var left atomic.Int64
	left.Store(*total)
	opened, done := context.WithCancel(stop)
	for number := range *fresh {
		protocol := protocols[number%2]
		openers.Add(1)
		go func() {
			defer openers.Done()
			for stop.Err() == nil && left.Add(-1) >= 0 {
				what.visitAnew(protocol, results[protocol])
			}
		}()
	}
	for number := range *kept {
		protocol := protocols[number%2]
		visitors.Add(1)
		go func() {
			defer visitors.Done()
			what.visitAgain(opened, protocol, number, results[protocol])
		}()
	}
	openers.Wait()
	if *fresh == 0 {
		<-stop.Done()
	}
	done()
	visitors.Wait()
	report := map[string]any{"seconds": time.Since(started).Seconds()}
	for protocol, result := range results {
		report[protocol] = result.told()
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	_ = out.Encode(report)
}

var protocols = []string{"h1", "h2"}

func read(address, roots, names string, limit time.Duration) (*settings, error) {
	pem, err := os.ReadFile(roots)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New(roots + " holds no certificate")
	}
	file, err := os.Open(names)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	what := &settings{address: address, roots: pool, limit: limit}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		what.names = append(what.names, lines.Text())
	}
	if len(what.names) == 0 {
		return nil, errors.New(names + " holds no name")
	}
	return what, nil
}

// transport speaks one protocol with the front, whatever name is asked for. Failures to connect are told to `failed`.
func (what *settings) transport(protocol string, failed func(stage string)) *http.Transport {
	spoken := new(http.Protocols)
	spoken.SetHTTP1(protocol == "h1")
	spoken.SetHTTP2(protocol == "h2")
	offered := map[string][]string{"h1": {"http/1.1"}, "h2": {"h2"}}[protocol]
	return &http.Transport{
		Protocols:           spoken,
		MaxIdleConnsPerHost: 1,
		DialTLSContext: func(ctx context.Context, _, place string) (net.Conn, error) {
			name, _, _ := net.SplitHostPort(place)
			plain, err := (&net.Dialer{Timeout: what.limit}).DialContext(ctx, "tcp", what.address)
			if err != nil {
				failed("connect")
				return nil, err
			}
			link := tls.Client(plain, &tls.Config{ServerName: name, RootCAs: what.roots, NextProtos: offered})
			if err := link.HandshakeContext(ctx); err != nil {
				failed("handshake")
				plain.Close()
				return nil, err
			}
			return link, nil
		},
	}
}

// visitAnew opens a connection, asks once and closes it.
func (what *settings) visitAnew(protocol string, result *Result) {
	stage := ""
	transport := what.transport(protocol, func(at string) { stage = at })
	defer transport.CloseIdleConnections()
	started := time.Now()
	_, err := what.ask(transport, what.names[rand.IntN(len(what.names))])
	result.connection(time.Since(started), stage, err)
}

// visitAgain asks a few sites in turn until `over`, with idle times in between.
func (what *settings) visitAgain(over context.Context, protocol string, number int, result *Result) {
	transport := what.transport(protocol, func(string) {})
	defer transport.CloseIdleConnections()
	for turn := 0; over.Err() == nil; turn++ {
		name := what.names[(number*7+turn%5)%len(what.names)]
		started := time.Now()
		attempts, err := what.ask(transport, name)
		if err != nil && attempts.reused {
			var again asked
			again, err = what.ask(transport, name)
			attempts.connections += again.connections
		}
		result.request(time.Since(started), attempts.connections-1, err)
		time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
	}
}

type asked struct {
	connections int  // how many connections the request was tried on; the library tries again by itself too
	reused      bool // whether the last one had served another request before
}

func (what *settings) ask(transport *http.Transport, name string) (asked, error) {
	var how asked
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		how.connections++
		how.reused = info.Reused
	}}
	ctx, cancel := context.WithTimeout(context.Background(), what.limit)
	defer cancel()
	request, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), "GET", "https://"+name+"/", nil)
	if err != nil {
		return how, err
	}
	answer, err := transport.RoundTrip(request)
	if err != nil {
		return how, err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return how, err
	}
	if answer.StatusCode != http.StatusOK {
		return how, fmt.Errorf("status %d", answer.StatusCode)
	}
	return how, nil
}
