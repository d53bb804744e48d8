package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"wharf/api/dto"
)

// limitOptions are the flags of `update`.
type limitOptions struct {
	memory, memorySwap sizeFlag
	cpus               float64
	pids               int64
	restart            string
}

func limitFlags(f *pflag.FlagSet, o *operationOptions) {
	f.VarP(&o.limits.memory, "memory", "m", "the memory limit, a `SIZE` such as 256m or 2g")
	f.Var(&o.limits.memorySwap, "memory-swap", "the limit of memory and swap together, a `SIZE`; -1 for unlimited swap")
	f.Float64Var(&o.limits.cpus, "cpus", 0, "the maximum `NUMBER` of CPUs, for example 0.5")
	f.Int64Var(&o.limits.pids, "pids-limit", 0, "the maximum `NUMBER` of processes and threads; -1 for no limit")
	f.StringVar(&o.limits.restart, "restart", "", "the restart `POLICY`: no, always, unless-stopped, on-failure or on-failure:5")
}

// given returns the limits that the flags set. Errors: exitUsage if they set none.
func (o *limitOptions) given(c *cobra.Command) (dto.Limits, error) {
	l := dto.Limits{RestartPolicy: o.restart}
	changed := o.restart != ""
	for name, set := range map[string]func(){
		"memory": func() { l.Memory = &o.memory.bytes }, "memory-swap": func() { l.MemorySwap = &o.memorySwap.bytes },
		"cpus": func() { l.CPUs = &o.cpus }, "pids-limit": func() { l.Pids = &o.pids },
	} {
		if c.Flags().Changed(name) {
			set()
			changed = true
		}
	}
	if c.Name() == "update" && !changed {
		return l, usage(c, "say what to change, for example --memory 256m")
	}
	return l, nil
}

// sizeFlag is a flag for bytes in docker's notation: 512, 64k, 256m, 2g.
type sizeFlag struct {
	bytes int64
	text  string
}

// String implements pflag.Value.
func (f *sizeFlag) String() string { return f.text }

// Type implements pflag.Value.
func (f *sizeFlag) Type() string { return "size" }

// Set implements pflag.Value.
func (f *sizeFlag) Set(s string) error {
	digits := strings.TrimSuffix(strings.ToLower(s), "b")
	factor := int64(1)
	for i, unit := range []string{"k", "m", "g", "t"} {
		if rest, ok := strings.CutSuffix(digits, unit); ok {
			digits, factor = rest, 1<<(10*(i+1))
			break
		}
	}
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || n != n || n*float64(factor) > 1<<60 || n < -1 {
		return fmt.Errorf("expected a size such as 256m or 2g")
	}
	f.text, f.bytes = s, int64(n*float64(factor))
	return nil
}
