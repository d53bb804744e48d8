package dockerapi

import (
	"path"
	"slices"
	"strings"

	"wharf/dockerx/wire"
)

// selectImages returns the images that the filters select, in the shape of the call's API version.
func selectImages(images []wire.Image, f filters, c *Call) []wire.Image {
	kept := []wire.Image{}
	for _, i := range images {
		i.RepoTags = referred(i.RepoTags, f)
		i.RepoDigests = referred(i.RepoDigests, f)
		dangling := len(i.RepoTags) == 0 || slices.Equal(i.RepoTags, []string{"<none>:<none>"})
		if !f.labelled(i.Labels) ||
			!f.matches("dangling", func(v string) bool { return truthy(v) == dangling }) ||
			len(f["reference"]) > 0 && len(i.RepoTags)+len(i.RepoDigests) == 0 {
			continue
		}
		if i.VirtualSize = i.Size; !c.before("1.44") {
			i.VirtualSize = 0
		}
		kept = append(kept, i)
	}
	return kept
}

// referred returns the names that the filter reference selects. A pattern matches a whole name or its last part, with or without
// the tag.
func referred(names []string, f filters) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		repository := name
		if i := strings.LastIndexAny(name, ":@/"); i >= 0 && name[i] != '/' {
			repository = strings.TrimSuffix(name[:i], "@sha256")
		}
		return !f.matches("reference", func(pattern string) bool {
			for _, n := range []string{name, repository, path.Base(name), path.Base(repository)} {
				if ok, err := path.Match(pattern, n); ok && err == nil {
					return true
				}
			}
			return false
		})
	})
}
