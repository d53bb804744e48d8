DELETE FROM counters WHERE name = 'ready';
