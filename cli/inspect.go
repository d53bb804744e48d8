package cli

import (
	"github.com/spf13/cobra"

	"wharf/api/dto"
)

func (a *app) inspectCommand() *cobra.Command {
	var hosts []string
	c := &cobra.Command{
		Use: "inspect CONTAINER...", Short: "Show the details of containers", Long: "Shows the details of containers. " + referenceHelp,
		Example: lines("wharf inspect shop", "wharf inspect web-1/shop -o template='{{.State.ExitCode}}'"),
		Args:    arguments(1, -1),
		RunE: func(c *cobra.Command, args []string) error {
			server, err := a.connect()
			if err != nil {
				return err
			}
			found, err := server.find(c.Context(), args, hosts)
			if err != nil {
				return err
			}
			rows := make([]dto.ContainerDetails, len(found))
			for i, t := range found {
				if rows[i], err = server.GetContainer(c.Context(), t.host, t.id); err != nil {
					return err
				}
			}
			if a.output == "table" {
				return usage(c, "-o table: inspect has none")
			}
			return show(a, rows, nil)
		},
	}
	a.hostFlag(c, &hosts)
	a.outputFlag(c, "json")
	c.ValidArgsFunction = a.containerNames()
	return c
}
