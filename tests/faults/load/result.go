package main

import (
	"regexp"
	"sort"
	"sync"
	"time"
)

// Result counts what one protocol's visitors saw.
type Result struct {
	lock        sync.Mutex
	connections int
	failed      map[string]int
	requests    int
	again       int
	lost        int
	errors      map[string]int
	anew        []float64
	kept        []float64
}

func newResult() *Result {
	return &Result{failed: map[string]int{}, errors: map[string]int{}}
}

// connection counts a new connection; `stage` says where it failed, "" after the handshake.
func (result *Result) connection(took time.Duration, stage string, err error) {
	result.lock.Lock()
	defer result.lock.Unlock()
	result.connections++
	result.anew = append(result.anew, took.Seconds()*1000)
	if err != nil {
		if stage == "" {
			stage = "request"
		}
		result.failed[stage]++
		result.errors[named(err)]++
	}
}

// request counts a request of a visitor who keeps connections; `again` is how often it was sent once more.
func (result *Result) request(took time.Duration, again int, err error) {
	result.lock.Lock()
	defer result.lock.Unlock()
	result.requests++
	result.kept = append(result.kept, took.Seconds()*1000)
	result.again += max(again, 0)
	if err != nil {
		result.lost++
		result.errors[named(err)]++
	}
}

var ports = regexp.MustCompile(`[0-9.]+:[0-9]+`)

// named returns an error's text without the ports that make each one different.
func named(err error) string {
	return ports.ReplaceAllString(err.Error(), "…")
}

func (result *Result) told() map[string]any {
	return map[string]any{
		"connections": result.connections,
		"failed":      result.failed,
		"requests":    result.requests,
		"again":       result.again,
		"lost":        result.lost,
		"errors":      result.errors,
		"new_ms":      spread(result.anew),
		"kept_ms":     spread(result.kept),
	}
}

// spread returns the median, the 99th percentile and the largest.
func spread(values []float64) map[string]float64 {
	if len(values) == 0 {
		return map[string]float64{}
	}
	sort.Float64s(values)
	at := func(part float64) float64 { return values[int(part*float64(len(values)-1))] }
	return map[string]float64{"p50": at(0.5), "p99": at(0.99), "max": values[len(values)-1]}
}
