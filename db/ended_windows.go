package db

import "net"

// ended reports false: there the first answer tells.
func ended(net.Conn) bool { return false }
