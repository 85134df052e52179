package main

import "github.com/anishathalye/porcupine"

// What an object does to a request, or that it cannot have given that reply.
type step func(state interface{}, asked request, got reply) (bool, interface{})

// Which of the independent objects: one of each key and, where elements are independent too, each element.
type object struct{ key, element int }

func model(initial interface{}, does step, independent func(request) object) porcupine.Model {
	return porcupine.Model{
		Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
			place := map[object]int{}
			var parts [][]porcupine.Operation
			for _, operation := range history {
				one := independent(operation.Input.(request))
				at, known := place[one]
				if !known {
					at = len(parts)
					place[one] = at
					parts = append(parts, nil)
				}
				parts[at] = append(parts[at], operation)
			}
			return parts
		},
		Init: func() interface{} { return initial },
		Step: func(state, in, out interface{}) (bool, interface{}) {
			return does(state, in.(request), out.(reply))
		},
	}
}

func byKey(asked request) object { return object{key: asked.key} }

func byElement(asked request) object { return object{asked.key, asked.argument} }

// Without a hash, all states that follow the same operations are compared one by one.
func hashed(kind porcupine.Model, hash func(interface{}) uint64) porcupine.Model {
	kind.Hash = hash
	return kind
}

// The finalizer of splitmix64: numbers that are close get hashes that are not.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func register(state interface{}, asked request, got reply) (bool, interface{}) {
	switch asked.f {
	case "read":
		return got.value == state.(int), state
	case "write":
		return true, asked.argument
	}
	expected := state.(int) == asked.argument
	switch {
	case got.mismatch:
		return !expected, state
	case expected:
		return true, asked.new
	}
	// Of unknown outcome, it may have found another value.
	return got.unknown, state
}

func kv(state interface{}, asked request, got reply) (bool, interface{}) {
	switch asked.f {
	case "get":
		return got.text == state.(string), state
	case "put":
		return true, asked.text
	case "delete":
		return true, ""
	}
	return true, state.(string) + asked.text
}

func counter(state interface{}, asked request, got reply) (bool, interface{}) {
	if asked.f == "read" {
		return got.number == state.(int64), state
	}
	return true, state.(int64) + asked.delta
}

// Elements are independent; the state is whether this one is there. A reply may tell whether it was, or nothing.
func set(state interface{}, asked request, got reply) (bool, interface{}) {
	there := state.(bool)
	switch asked.f {
	case "add":
		return !got.told || got.truth != there, true
	case "remove":
		return !got.told || got.truth == there, false
	}
	return !got.told || got.truth == there, state
}

// Values in order, shared between the states. Two sequences with the same size and hash are taken for equal, as a
// kindness: comparing them is not free.
type cell struct {
	value int
	next  *cell
	// The list that ends here, from its other end, once a queue has needed it.
	turned *cell
}

const base = 0x9E3779B97F4A7C15

type sequence struct {
	size int
	hash uint64
}

type stackState struct {
	top *cell
	sequence
}

func stack(state interface{}, asked request, got reply) (bool, interface{}) {
	now := state.(stackState)
	if asked.f == "push" {
		hash := now.hash*base + mix(uint64(asked.argument))
		return true, stackState{&cell{value: asked.argument, next: now.top}, sequence{now.size + 1, hash}}
	}
	if now.top == nil {
		return got.unknown || got.value == 0, now
	}
	if !got.unknown && got.value != now.top.value {
		return false, now
	}
	hash := (now.hash - mix(uint64(now.top.value))) * inverse
	return true, stackState{now.top.next, sequence{now.size - 1, hash}}
}

// The inverse of base modulo 2^64, by Newton's method.
var inverse = func() uint64 {
	x := uint64(base)
	for i := 0; i < 6; i++ {
		x *= 2 - base*x
	}
	return x
}()

// A queue of two lists: what is taken next, and, turned round, what came last.
type queueState struct {
	front, back *cell
	// base to the power of the size.
	power uint64
	sequence
}

func queue(state interface{}, asked request, got reply) (bool, interface{}) {
	now := state.(queueState)
	if asked.f == "enqueue" {
		hash := now.hash*base + mix(uint64(asked.argument))
		back := &cell{value: asked.argument, next: now.back}
		return true, queueState{now.front, back, now.power * base, sequence{now.size + 1, hash}}
	}
	if now.size == 0 {
		return got.unknown || got.value == 0, now
	}
	if now.front == nil {
		if now.back.turned == nil {
			for one := now.back; one != nil; one = one.next {
				now.back.turned = &cell{value: one.value, next: now.back.turned}
			}
		}
		now.front, now.back = now.back.turned, nil
	}
	first := now.front.value
	if !got.unknown && got.value != first {
		return false, state
	}
	power := now.power * inverse
	return true, queueState{now.front.next, now.back, power, sequence{now.size - 1, now.hash - mix(uint64(first))*power}}
}

func sequences(kind porcupine.Model, of func(interface{}) sequence) porcupine.Model {
	kind.Equal = func(one, two interface{}) bool { return of(one) == of(two) }
	return hashed(kind, func(state interface{}) uint64 { return of(state).hash })
}

func registers() porcupine.Model {
	return hashed(model(0, register, byKey), func(state interface{}) uint64 { return mix(uint64(state.(int))) })
}

// The states of counters and of elements follow from which operations happened, so they need no hash; those of kv are
// strings, for which Porcupine's own tests have none either.
var models = map[string]porcupine.Model{
	"register":     registers(),
	"cas-register": registers(),
	"kv":           model("", kv, byKey),
	"counter":      model(int64(0), counter, byKey),
	"set":          model(false, set, byElement),
	"stack": sequences(model(stackState{}, stack, byKey), func(state interface{}) sequence {
		return state.(stackState).sequence
	}),
	"fifo-queue": sequences(model(queueState{power: 1}, queue, byKey), func(state interface{}) sequence {
		return state.(queueState).sequence
	}),
}
