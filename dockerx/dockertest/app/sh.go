package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// shell is a minimal shell for tests of terminals: a prompt, echo and exit.
func shell([]string) error {
	in := bufio.NewScanner(os.Stdin)
	for fmt.Print("$ "); in.Scan(); fmt.Print("$ ") {
		words := strings.Fields(in.Text())
		switch {
		case len(words) == 0:
		case words[0] == "echo":
			fmt.Println(strings.Join(words[1:], " "))
		case words[0] == "exit":
			code := 0
			if len(words) > 1 {
				code, _ = strconv.Atoi(words[1])
			}
			os.Exit(code)
		default:
			fmt.Fprintf(os.Stderr, "sh: %s: not found\n", words[0])
		}
	}
	return in.Err()
}
