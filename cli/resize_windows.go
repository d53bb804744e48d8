package cli

import "context"

// onResize does nothing: Windows has no signal for it.
func onResize(context.Context, func()) (stop func()) { return func() {} }
