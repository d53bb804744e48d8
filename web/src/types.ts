// The shapes of wharf's answers.

export type Role = 'none' | 'viewer' | 'operator' | 'admin';

export interface PageStart {
  setup_needed: boolean;
  setup_token: boolean;
  anonymous: Role | '';
}

export interface PageSession {
  session_id: string;
  access_token: string;
  access_token_expires_at: string;
  stored: string;
  expires_at: string;
}

export interface Grant {
  id: string;
  username?: string;
  hosts: string;
  labels: string;
  role: Role;
  created_by?: string;
  created_at?: string;
}

export interface Me {
  username: string;
  role: Role;
  session_id: string;
  anonymous: boolean;
  grants: Grant[];
}

export interface HostRow {
  host: string;
  addr: string;
  status: 'up' | 'down' | 'degraded' | 'unknown';
  since?: string;
  last_error?: string;
  last_error_at?: string;
  streaming: boolean;
  engine_version?: string;
  api_version?: string;
  os?: string;
  arch?: string;
  cpus?: number;
  memory?: number;
  containers?: Record<string, number>;
  clock_skew_ms: number;
  latency_ms: number;
  cert_expiry?: string;
}

export interface ContainerRow {
  host: string;
  id: string;
  name: string;
  image: string;
  state: string;
  status: string;
  created: string;
  labels: Record<string, string> | null;
}

export interface HostAnswer {
  host: string;
  ok: boolean;
  error?: string;
}

export interface ContainersPage {
  containers: ContainerRow[];
  hosts: HostAnswer[];
  cursor: string;
}

export interface UsagePoint {
  at: string;
  cpu_percent: number;
  memory_usage: number;
  network_rx_rate: number;
  network_tx_rate: number;
  block_read_rate: number;
  block_write_rate: number;
  pids: number;
}

export interface Usage {
  host?: string;
  id: string;
  name: string;
  running: boolean;
  cpu_percent: number;
  host_cpu_percent: number;
  memory_usage: number;
  memory_limit: number;
  memory_percent: number;
  network_rx: number;
  network_tx: number;
  network_rx_rate: number;
  network_tx_rate: number;
  block_read: number;
  block_write: number;
  block_read_rate: number;
  block_write_rate: number;
  pids: number;
  sampled_at: string | null;
  history?: UsagePoint[];
}

export interface TopUsage {
  partial: boolean;
  containers: Usage[];
  hosts: HostUsage[];
}

// HostUsage is what all containers of a host that the caller may see use together.
export interface HostUsage extends HostAnswer {
  cpu_percent: number;
  memory_usage: number;
}

export interface LoggedEvent {
  id: number;
  host: string;
  type: string;
  action: string;
  actor_id: string;
  actor_name: string;
  time: string;
  attrs: Record<string, string>;
  inferred: boolean;
  from?: string;
  to?: string;
  reason?: string;
}

export interface EventsPage {
  events: LoggedEvent[];
  cursor: string;
}

// The three kinds of frames of GET /events.
export interface ContainerEvent {
  host: string;
  type: string;
  action: string;
  actor_id: string;
  actor_name: string;
  timestamp: number; // seconds
  attrs: Record<string, string>;
}

export interface GapEvent {
  host: string;
  from: string;
  to: string;
  reason: string;
}

export interface HostEvent {
  host: string;
  action: 'connected' | 'disconnected';
  timestamp: number;
  reason: string;
}

export interface Details {
  id: string;
  name: string;
  image: string;
  created: string;
  platform: string;
  restart_count: number;
  state: {
    status: string;
    running: boolean;
    paused: boolean;
    restarting: boolean;
    exit_code: number;
    started_at: string;
    finished_at: string;
  };
  config: {
    hostname: string;
    user: string;
    env: string[] | null;
    cmd: string[] | null;
    entrypoint: string[] | null;
    working_dir: string;
    labels: Record<string, string> | null;
  };
  network: {
    ip_address: string;
    gateway: string;
    mac_address: string;
    ports: Record<string, { host_ip: string; host_port: string }[]>;
    networks: Record<string, { network_id: string; ip_address: string; gateway: string; mac_address: string }>;
  };
  mounts: { type: string; name: string; source: string; destination: string; mode: string; rw: boolean }[];
}

export interface Operated {
  changed: boolean;
  before: string;
  after: string;
  reached?: boolean;
}
