package api

import (
	"wharf/api/dto"
	"wharf/service"
)

// stockRoutes list, pull and remove images, and list and remove volumes and networks.
func (s *Server) stockRoutes() []route {
	return []route{
		get("/v1/images", service.View, "listImages", queried(s.listImages),
			"List the images of all hosts, and which containers use them.", data(dto.ImagePage{})).may(404),
		del("/v1/hosts/{host}/images/{id}", service.OperateHost, "removeImage", plain(s.removeImage),
			"Remove an image that no container uses, by id or name.", data("removed")).may(409),
		post("/v1/images/pull", service.OperateHost, "startPull", bodied(s.startPull),
			"Start the pull of an image on one or more hosts, and return without waiting for its end.", data(dto.Pull{}).accepted()).may(404, 429),
		get("/v1/images/pulls/{id}", service.View, "getPull", plain(s.getPull),
			"Show a pull, or stream its progress on each host.", data(dto.Pull{}).orStream(pullFrames...)),
		del("/v1/images/pulls/{id}", service.View, "cancelPull", plain(s.cancelPull),
			"Cancel a pull. Callers other than admins can only cancel their own.", data(dto.Pull{})),
		get("/v1/volumes", service.View, "listVolumes", queried(s.listVolumes),
			"List the volumes of all hosts, and which containers use them.", data(dto.VolumePage{})).may(404),
		del("/v1/hosts/{host}/volumes/{id}", service.OperateHost, "removeVolume", plain(s.removeVolume),
			"Remove a volume that no container uses, with all its data.", data("removed")).may(409),
		get("/v1/networks", service.View, "listNetworks", queried(s.listNetworks),
			"List the networks of all hosts, and which containers belong to them.", data(dto.NetworkPage{})).may(404),
		del("/v1/hosts/{host}/networks/{id}", service.OperateHost, "removeNetwork", plain(s.removeNetwork),
			"Remove a network that no container belongs to.", data("removed")).may(409),
		post("/v1/prune", service.OperateHost, "prune", bodied(s.prune),
			"Show unused containers, images, volumes and networks, or remove them.", data(dto.Pruned{})).may(404),
	}
}

var pullFrames = []Frame{{"host", dto.HostPull{}}, {"end", dto.PullEnd{}}}
