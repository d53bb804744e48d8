package dockertest

import "strings"

// HostileIDs returns texts that attackers may send as a container id to reach another endpoint, host or daemon.
func HostileIDs() []string {
	seeds := []string{
		"", " ", ".", "..", "/", "//", "../images", "..\\images", "../../../info", "../exec/X", "./x", "x/..", "x/../..",
		"%2e%2e", "%2e%2e%2fimages", "%252e%252e%252f", "..%2f", "..%5c", "%00", "%0d%0a", "%", "%zz",
		"x/json", "x/json?force=1", "x?all=1", "x#frag", "x;y", "x&y", "x=y", "x y", " x", "x ", "\tx", "x\n", "x\r\nHost: evil",
		"x\x00", "\x00", "x\\y", "x/y", "//x", "/x/y", "/../x", "-x", "_x", ".x", "*", "x*", "x?", "~", "$(id)", "`id`", "${x}",
		"x:y", "x@y", "http://evil/", "unix:///x", "x,y", "x|y", "x>y", "'x'", "\"x\"", "<x>", "[x]", "{x}", "x!", "x+y",
		"\u2215images", "x\u2215y", "x\u2044y", "\uff0e\uff0e", "\u202ex", "\u00a0x", "x\u0000", "ｘ", "é", "日本", "\xff\xfe", "\xc0\xae\xc0\xae",
		strings.Repeat("a", 256), strings.Repeat("a", 4096), strings.Repeat("../", 100), strings.Repeat("a", 255) + "/",
	}
	var ids []string
	for _, s := range seeds {
		ids = append(ids, s, s+"/", "a/"+s+"/..", "x/"+s)
	}
	return ids
}
