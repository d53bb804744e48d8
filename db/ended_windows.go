package db

import "net"

// ended reports false: on Windows, only the first answer shows that a connection has ended.
func ended(net.Conn) bool { return false }
