export const stockEn = {
  tabs: { images: 'Images', volumes: 'Volumes', networks: 'Networks' },
  search: 'Search by name, id, host or label', host: 'Host', image: 'Image', id: 'ID', size: 'Size', created: 'Created', usedBy: 'Used by', name: 'Name', driver: 'Driver', subnets: 'Subnets',
  allHosts: 'All hosts', use: 'In use', allUse: 'All', used: 'In use', unused: 'Not in use', dangling: 'no name', anonymous: 'anonymous', builtin: 'built in', internal: 'internal', none: 'Nothing fits.',
  noAnswer: (hosts: string): string => `Not answering: ${hosts}.`,
  remove: (name: string, host: string): string => `Remove ${name} from ${host}?`,
  removeHint: { images: 'It can be pulled or built again.', volumes: 'All that is in it is gone for good.', networks: 'No container belongs to it.' },
  pull: 'Pull image', pullImage: 'Image', pullHint: 'As docker pull takes it: nginx:1.27, registry.example.org/team/app@sha256:…', onHosts: 'On which hosts', pulling: (image: string): string => `Pull ${image}`,
  pulled: 'Pulled', upToDate: 'Was up to date', failed: 'Failed', cancelled: 'Cancelled', step: { '': 'Asking the registry…', waiting: 'Waiting…', downloading: 'Downloading…', extracting: 'Unpacking…', done: 'Done' } as Record<string, string>,
  layers: (done: string, all: string): string => `${done} of ${all} layers`, stop: 'Cancel the pull',
  prune: 'Clean up', pruneTitle: 'Remove what nothing uses', what: { containers: 'Ended containers', images: 'Images', volumes: 'Volumes', networks: 'Networks' } as Record<string, string>,
  all: 'Also images that have a name, and volumes that got theirs from a person', look: 'Show what would go', frees: (n: string, size: string): string => `${n} would go and free at least ${size}.`,
  nothing: 'There is nothing to remove.', removeThese: 'Remove these', freed: (n: string, size: string): string => `${n} removed, at least ${size} freed.`, kept: (n: string): string => `${n} kept:`,
};

export const operationsEn = {
  title: 'Operations', operation: 'Operation', state: 'State', by: 'By', begun: 'Begun', containers: 'Containers', none: 'No operations on many containers yet.', noneHint: 'wharf operations start, or POST /v1/operations, begins one.',
  done: (done: string, all: string): string => `${done} of ${all}`, failed: (n: string): string => `${n} failed`, cancel: 'Cancel', back: 'All operations', after: 'Afterwards', why: 'Why', container: 'Container', host: 'Host',
  states: { running: 'Running', succeeded: 'Succeeded', failed: 'Failed', cancelled: 'Cancelled', interrupted: 'Interrupted', waiting: 'Waiting', ok: 'OK', skipped: 'Skipped' } as Record<string, string>,
};

export const changesEn = {
  more: 'Change', rename: 'Rename', update: 'Limits', recreate: 'Recreate', remove: 'Remove', newName: 'New name', memory: 'Memory, in MiB', cpus: 'Processors', pids: 'Processes', restart: 'Restart policy', unchanged: 'as it is',
  updateHint: 'What is left empty stays as it is.', image: 'Image', imageHint: 'Empty: the one that it has now.', pull: 'Pull the image first', recreateHint: 'The container is replaced by a new one like it. If that fails, the old one comes back.',
  removeTitle: (name: string): string => `Remove ${name}?`, removeHint: 'Its file system is gone for good. Volumes with a name stay.', force: 'It runs: kill it', volumes: 'Remove its anonymous volumes, too',
};
