DROP TABLE event_hosts;
DROP TABLE event_containers;
DROP TABLE event_log;
DROP TABLE events;
