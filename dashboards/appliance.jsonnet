// The appliance itself: Envoy, the control plane, xDS, the monitoring and the machine.
local binnacle = import 'binnacle.libsonnet';

local rate(metric, labels, matchers='') =
  local rates = 'rate(%s{%s}[$__rate_interval])' % [metric, matchers];
  if labels == '' then 'sum(%s)' % rates else 'sum by (%s) (%s)' % [labels, rates];
local listeners = 'envoy_http_conn_manager_prefix!~"admin|binnacle_stats"';
local ofListener = '{{envoy_http_conn_manager_prefix}}';
local badAbove(limit) = [[null, 'green'], [limit, 'red']];

binnacle.dashboard(
  'binnacle-appliance',
  'Binnacle / Appliance',
  'Envoy, the control plane, what it pushes, and the machine.',
  [],
  [
    binnacle.row('Now', [
      binnacle.number('Envoys connected', 'short', 'sum(envoy_control_plane_connected_state) or vector(0)', [[null, 'red'], [1, 'green']]),
      binnacle.number('Objects refused', 'short', 'sum(binnacle_objects{state="refused"})', badAbove(1)),
      binnacle.number('Alerts firing', 'short', 'count(ALERTS{alertstate="firing", alertname!="Watchdog"}) or vector(0)', badAbove(1)),
    ]),
    binnacle.row('Envoy', [
      binnacle.graph('Requests', 'reqps', [['listener:requests:rate2m', ofListener]]),
      binnacle.graph('Client connections', 'short', [['sum by (envoy_http_conn_manager_prefix) (envoy_http_downstream_cx_active{%s})' % listeners, ofListener]]),
      binnacle.graph('Bytes', 'Bps', [
        [rate('envoy_http_downstream_cx_rx_bytes_total', '', listeners), 'received'],
        [rate('envoy_http_downstream_cx_tx_bytes_total', '', listeners), 'sent'],
      ]),
      binnacle.graph('Memory of Envoy', 'bytes', [
        ['envoy_server_memory_allocated', 'allocated {{instance}}'],
        ['envoy_server_memory_physical_size', 'resident {{instance}}'],
      ]),
      binnacle.graph('Heap and connections against their limits', 'percent', [
        ['envoy_overload_envoy_resource_monitors_fixed_heap_pressure', 'heap {{instance}}'],
        ['envoy_overload_envoy_resource_monitors_global_downstream_max_connections_pressure', 'connections {{instance}}'],
      ]),
      binnacle.graph('Threads that stood still', 'cps', [
        [rate('envoy_server_worker_watchdog_miss', 'instance'), 'worker {{instance}}'],
        [rate('envoy_server_main_thread_watchdog_miss', 'instance'), 'main thread {{instance}}'],
      ], 'Over 200 ms without a turn.'),
      binnacle.graph('Time since start', 's', [['envoy_server_uptime', '{{instance}}']]),
      binnacle.graph('Connections refused', 'cps', [
        [rate('envoy_listener_downstream_cx_overflow', ''), 'limit of a listener'],
        [rate('envoy_listener_downstream_global_cx_overflow', ''), 'limit of all'],
        [rate('envoy_listener_downstream_cx_overload_reject', ''), 'heap full'],
      ]),
      binnacle.graph('Protocol errors of clients', 'cps', [[rate('envoy_http_downstream_cx_protocol_error', 'envoy_http_conn_manager_prefix', listeners), ofListener]]),
    ]),
    binnacle.row('Configuration', [
      binnacle.graph('Objects', 'short', [['sum by (kind) (binnacle_objects)', '{{kind}}']]),
      binnacle.graph('Served', 'short', [
        ['binnacle_hosts', 'hosts'],
        ['binnacle_routes', 'routes'],
        ['binnacle_clusters', 'clusters'],
        ['binnacle_endpoints', 'endpoints'],
      ]),
      binnacle.graph('Problems', 'short', [
        ['sum(binnacle_objects{state="refused"})', 'refused objects'],
        ['sum by (severity) (binnacle_object_verdicts)', '{{severity}}'],
        ['sum by (backend, severity) (binnacle_source_problems)', '{{severity}} in {{backend}}'],
      ]),
      binnacle.graph('Changes', 'cps', [[rate('binnacle_store_changes_total', 'change'), '{{change}}']]),
      binnacle.graph('Translation, 99 %', 's', [['translation:duration_seconds:p99_5m', 'one round']]),
      binnacle.graph('Units built', 'cps', [[rate('binnacle_translation_units_built_total', 'type'), '{{type}}']]),
      binnacle.graph('Age of sources', 's', [['time() - binnacle_source_synced_timestamp_seconds', '{{backend}}']]),
      binnacle.graph('Pushes', 'cps', [[rate('binnacle_xds_pushes_total', 'type'), '{{type}}']]),
      binnacle.graph('Pushed', 'Bps', [[rate('binnacle_xds_pushed_bytes_total', 'type'), '{{type}}']]),
      binnacle.graph('Time to acknowledge, 99 %', 's', [['xds:acknowledgement_duration_seconds:p99_5m', '{{type}}']]),
      binnacle.graph('Refused by Envoy', 'cps', [[rate('binnacle_xds_nacks_total', 'type'), '{{type}}']]),
      binnacle.graph('Quarantined', 'short', [['sum by (type) (binnacle_xds_quarantined_resources)', '{{type}}']]),
    ]),
    binnacle.row('Control plane', [
      binnacle.graph('CPU of the programs', 'percentunit', [[rate('process_cpu_seconds_total', 'job', 'job=~"binnacle|prometheus|alertmanager"'), '{{job}}']]),
      binnacle.graph('Memory of the programs', 'bytes', [['process_resident_memory_bytes{job=~"binnacle|prometheus|alertmanager"}', '{{job}}']]),
      binnacle.graph('Event loop, 99 %', 's', [['nodejs_eventloop_lag_p99_seconds', 'lag']]),
      binnacle.graph('API', 'reqps', [[rate('binnacle_api_requests_total', 'code'), '{{code}}']]),
      binnacle.graph('API latency, 99 %', 's', [['api:request_duration_seconds:p99_5m', '{{route}}']]),
      binnacle.graph('API refused', 'cps', [[rate('binnacle_api_auth_failures_total', 'reason'), '{{reason}}']]),
    ]),
    binnacle.row('Live view', [
      binnacle.graph('Access-log entries', 'cps', [
        [rate('binnacle_access_log_entries_received_total', 'logger'), 'received {{logger}}'],
        [rate('binnacle_access_log_entries_dropped_total', ''), 'dropped here'],
        [rate('envoy_access_logs_grpc_access_log_logs_dropped', ''), 'dropped by Envoy'],
      ]),
      binnacle.graph('Shares', 'percentunit', [['binnacle_access_log_share_ratio', '{{logger}}']]),
      binnacle.graph('Lag', 's', [['binnacle_access_log_lag_seconds', 'newest entry']]),
      binnacle.graph('Sockets', 'short', [['binnacle_feed_sockets', 'open']]),
      binnacle.graph('Frames', 'cps', [
        [rate('binnacle_feed_frames_total', ''), 'sent'],
        [rate('binnacle_feed_frames_dropped_total', ''), 'dropped'],
      ]),
    ]),
    binnacle.row('Monitoring', [
      binnacle.graph('Programs', 'short', [['binnacle_child_running', '{{child}}']], '1 while it runs.'),
      binnacle.graph('Series', 'short', [['prometheus_tsdb_head_series', 'in Prometheus']]),
      binnacle.graph('Scrapes', 's', [['scrape_duration_seconds', '{{job}} {{instance}}']]),
      binnacle.graph('Messages', 'cps', [
        [rate('alertmanager_notifications_total', 'integration'), 'sent by {{integration}}'],
        [rate('alertmanager_notifications_failed_total', 'integration'), 'failed by {{integration}}'],
      ]),
    ]),
    binnacle.row('Machine', [
      binnacle.graph('CPU of the machine', 'percentunit', [['1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval]))', '{{instance}}']]),
      binnacle.graph('Memory available', 'percentunit', [['node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes', '{{instance}}']]),
      binnacle.graph('Disk available', 'percentunit', [['node_filesystem_avail_bytes{fstype!~"tmpfs|squashfs|overlay|ramfs"} / node_filesystem_size_bytes', '{{mountpoint}}']]),
      binnacle.graph('Network', 'Bps', [
        [rate('node_network_receive_bytes_total', 'device', 'device!="lo"'), 'received {{device}}'],
        [rate('node_network_transmit_bytes_total', 'device', 'device!="lo"'), 'sent {{device}}'],
      ]),
      binnacle.graph('Network errors', 'cps', [
        [rate('node_network_receive_errs_total', 'device', 'device!="lo"'), 'received {{device}}'],
        [rate('node_network_transmit_errs_total', 'device', 'device!="lo"'), 'sent {{device}}'],
      ]),
      binnacle.graph('Connection table used', 'percentunit', [['node_nf_conntrack_entries / (node_nf_conntrack_entries_limit > 0)', '{{instance}}']]),
      binnacle.graph('Clock off by', 's', [['abs(node_timex_offset_seconds)', '{{instance}}']]),
    ]),
  ]
)
