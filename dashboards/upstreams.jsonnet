// Upstreams as Envoy sees them: one (backend, namespace, service, port).
local binnacle = import 'binnacle.libsonnet';

// Not Envoy's own clusters, by which it reaches the control plane: they have no namespace.
local matchers = 'backend=~"$backend", namespace=~"$namespace", namespace!="", service=~"$service"';
local labels = 'backend, namespace, service, port';
local legend = '{{namespace}}/{{service}}:{{port}} {{backend}}';
local gauge(metric) = ['sum by (%s) (%s{%s})' % [labels, metric, matchers], legend];
// What each Envoy knows of the same upstream, and each cluster that is a variation of it, once.
local largest(metric) = ['max by (%s) (%s{%s})' % [labels, metric, matchers], legend];
local rate(metric) = ['sum by (%s) (rate(%s{%s}[$__rate_interval]))' % [labels, metric, matchers], legend];
local recorded(metric) = ['%s{%s}' % [metric, matchers], legend];
// Nothing for an upstream without requests.
local ratio(part) = ['%(part)s{%(m)s} / (upstream:requests:rate2m{%(m)s} > 0)' % { part: part, m: matchers }, legend];
// 0 for one without errors. What cannot connect is an error and no request of the upstream's: that is all of them, not more.
local errors = [
  'clamp_max((upstream:request_errors:rate2m{%(m)s} or upstream:requests:rate2m{%(m)s} * 0) / upstream:requests:rate2m{%(m)s}, 1) >= 0'
  % { m: matchers },
  legend,
];

binnacle.dashboard(
  'binnacle-upstreams',
  'Binnacle / Upstreams',
  'Endpoints, requests, connections and limits of each upstream.',
  [
    binnacle.labelVariable('backend', 'backend', 'Backend', 'envoy_cluster_membership_total'),
    binnacle.labelVariable('namespace', 'namespace', 'Team', 'envoy_cluster_membership_total{backend=~"$backend"}'),
    binnacle.labelVariable(
      'service',
      'service',
      'Service',
      'envoy_cluster_membership_total{backend=~"$backend", namespace=~"$namespace"}'
    ),
  ],
  [
    binnacle.row('Endpoints', [
      binnacle.graph('Endpoints', 'short', [largest('envoy_cluster_membership_total')]),
      binnacle.graph(
        'Healthy share',
        'percentunit',
        [[
          'min by (%(l)s) (envoy_cluster_membership_healthy{%(m)s} / (envoy_cluster_membership_total{%(m)s} > 0))'
          % { l: labels, m: matchers },
          legend,
        ]],
        'Of several Envoys the worst.'
      ),
      binnacle.graph('Ejected for errors', 'short', [largest('envoy_cluster_outlier_detection_ejections_active')]),
      binnacle.graph('Health checks failed', 'cps', [rate('envoy_cluster_health_check_failure')]),
      binnacle.graph('Changes of the set', 'cps', [rate('envoy_cluster_membership_change')]),
    ]),
    binnacle.row('Requests', [
      binnacle.graph('Requests', 'reqps', [recorded('upstream:requests:rate2m')]),
      binnacle.graph('Errors', 'percentunit', [errors], 'Requests that ended with 5xx, after all attempts.'),
      binnacle.graph('Active requests', 'short', [gauge('envoy_cluster_upstream_rq_active')]),
      binnacle.graph('Latency 50 %', 's', [recorded('upstream:request_duration_seconds:p50_2m')]),
      binnacle.graph('Latency 90 %', 's', [recorded('upstream:request_duration_seconds:p90_2m')]),
      binnacle.graph('Latency 99 %', 's', [recorded('upstream:request_duration_seconds:p99_2m')]),
      binnacle.graph('Time limits reached', 'percentunit', [ratio('upstream:request_timeouts:rate2m')]),
      binnacle.graph('Retries', 'percentunit', [ratio('upstream:request_retries:rate2m')]),
      binnacle.graph('Refused: no endpoint', 'reqps', [rate('envoy_cluster_upstream_cx_none_healthy')]),
      binnacle.graph(
        'Taken over by others',
        'reqps',
        [[
          'sum by (%(l)s, by_backend, by_service, by_port) (rate(binnacle_upstream_taken_over_requests_total{%(m)s}[$__rate_interval]))'
          % { l: labels, m: matchers },
          legend + ' → {{by_service}}:{{by_port}} {{by_backend}}',
        ]],
        'Requests that an upstream which its routes name after it got in its place.'
      ),
    ]),
    binnacle.row('Connections', [
      binnacle.graph('Connections', 'short', [gauge('envoy_cluster_upstream_cx_active')]),
      binnacle.graph('New connections', 'cps', [recorded('upstream:connections:rate2m')]),
      binnacle.graph('Connections that failed', 'cps', [recorded('upstream:connect_failures:rate2m')]),
      binnacle.graph('Time to connect, 99 %', 's', [recorded('upstream:connect_duration_seconds:p99_2m')]),
      binnacle.graph('Sent', 'Bps', [rate('envoy_cluster_upstream_cx_tx_bytes_total')]),
      binnacle.graph('Received', 'Bps', [rate('envoy_cluster_upstream_cx_rx_bytes_total')]),
    ]),
    binnacle.row('Limits', [
      binnacle.graph(
        'Circuit breakers open',
        'short',
        [
          [
            'max by (%s) (max_over_time(envoy_cluster_circuit_breakers_default_%s_open{%s}[$__rate_interval]))'
            % [labels, limit, matchers],
            '%s %s' % [limit, legend],
          ]
          for limit in ['cx', 'rq', 'rq_pending', 'rq_retry']
        ],
        'cx connections, rq requests, rq_pending waiting requests, rq_retry retries.'
      ),
      binnacle.graph('Waiting requests', 'short', [gauge('envoy_cluster_upstream_rq_pending_active')]),
      binnacle.graph('Refused: too many wait', 'reqps', [rate('envoy_cluster_upstream_rq_pending_overflow')]),
    ]),
  ]
)
