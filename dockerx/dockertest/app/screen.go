package main

import (
	"bufio"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/term"
)

// screen is a full-screen program, like editors and pagers. It uses the alternate screen, finds out the terminal's size by
// moving the cursor as far as possible, draws a frame by cursor addressing, draws it again when the size changes, and ends when
// q is pressed.
func screen([]string) error {
	before, err := term.MakeRaw(0)
	if err != nil {
		return err
	}
	defer func() { _ = term.Restore(0, before) }()
	fmt.Print("\x1b[?1049h\x1b[?25l")
	defer fmt.Print("\x1b[?25h\x1b[?1049l")
	changed := make(chan os.Signal, 1)
	signal.Notify(changed, syscall.SIGWINCH)
	keys := make(chan byte)
	go readKeys(keys)
	ask()
	var answer strings.Builder // ESC [ rows ; columns R
	for {
		select {
		case <-changed:
			ask()
		case key, more := <-keys:
			var rows, columns int
			switch {
			case !more, key == 'q' && answer.Len() == 0:
				return nil
			case key == '\x1b' || answer.Len() > 0:
				answer.WriteByte(key)
			}
			if key == 'R' {
				if n, _ := fmt.Sscanf(answer.String(), "\x1b[%d;%dR", &rows, &columns); n == 2 {
					draw(rows, columns)
				}
				answer.Reset()
			}
		}
	}
}

func readKeys(keys chan<- byte) {
	defer close(keys)
	in := bufio.NewReader(os.Stdin)
	for {
		key, err := in.ReadByte()
		if err != nil {
			return
		}
		keys <- key
	}
}

// ask moves the cursor to the last corner and asks for its position.
func ask() { fmt.Print("\x1b[999;999H\x1b[6n") }

// draw draws a frame around the screen, and the screen's size in the middle.
func draw(rows, columns int) {
	var b strings.Builder
	b.WriteString("\x1b[2J")
	edge := "+" + strings.Repeat("-", max(columns-2, 0)) + "+"
	fmt.Fprintf(&b, "\x1b[1;1H%s\x1b[%d;1H%s", edge, rows, edge)
	for row := 2; row < rows; row++ {
		fmt.Fprintf(&b, "\x1b[%d;1H|\x1b[%d;%dH|", row, row, columns)
	}
	fmt.Fprintf(&b, "\x1b[%d;3H\x1b[7m%d columns, %d rows\x1b[0m", rows/2, columns, rows)
	fmt.Print(b.String())
}
