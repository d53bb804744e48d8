package main

// forwardRule lets a share's packets through the machine's packet filter, which sees what crosses a bridge where
// br_netfilter is loaded: an engine of the machine's own sets FORWARD to DROP and lets through its own networks alone.
// The rule stands first. An engine that starts later puts its jumps before it, and these return what isn't its own.
func forwardRule(verb, share string) error {
	return command("iptables", "-w", verb, "FORWARD", "-s", share, "-d", share, "-j", "ACCEPT")
}

// allowForward adds the rule. Where it can't, there may be no filter in the way either: the bed is made all the same.
func allowForward(share string) {
	if !installed("iptables") {
		return
	}
	if err := forwardRule("-I", share); err != nil {
		say("if containers of one network don't reach each other, this is why: %v", err)
	}
}

// forbidForward takes one such rule away, if there is one: another bed may have the share, and a rule for it, by now.
func forbidForward(share string) error {
	if installed("iptables") && forwardRule("-C", share) == nil {
		return forwardRule("-D", share)
	}
	return nil
}
