// Hosts and routes as clients see them. Totals are exact: Envoy counts every request, whatever its answer.
local binnacle = import 'binnacle.libsonnet';

local route = 'namespace=~"$namespace"';
local request = 'namespace=~"$namespace", host=~"$host"';
// 0 without errors, nothing without requests.
local errors(level, labels, matchers) =
  '(sum by (%(labels)s) (%(level)s:request_errors:rate2m{%(matchers)s}) or sum by (%(labels)s) (%(level)s:requests:rate2m{%(matchers)s}) * 0) / (sum by (%(labels)s) (%(level)s:requests:rate2m{%(matchers)s}) > 0)'
  % { level: level, labels: labels, matchers: matchers };
local routeName = '{{route_kind}} {{namespace}}/{{route_name}}';
local ofRoute = 'namespace, route_kind, route_name';

binnacle.dashboard(
  'binnacle-traffic',
  'Binnacle / Traffic',
  'Requests, errors and latency by host and route.',
  [
    binnacle.labelVariable('namespace', 'namespace', 'Team', 'host:requests:rate2m'),
    binnacle.labelVariable('host', 'host', 'Host', 'host:requests:rate2m{namespace=~"$namespace"}'),
  ],
  [
    binnacle.row('Now', [
      binnacle.number('Requests', 'reqps', 'sum(host:requests:rate2m{%s}) or vector(0)' % request),
      binnacle.number(
        'Errors',
        'percentunit',
        '(sum(host:request_errors:rate2m{%(m)s}) or vector(0)) / (sum(host:requests:rate2m{%(m)s}) > 0) or vector(0)' % { m: request },
        [[null, 'green'], [0.01, 'orange'], [0.05, 'red']],
        'Share of the requests that were answered with 5xx.'
      ),
      binnacle.number(
        'Slowest route, 99 %',
        's',
        'max(route:request_duration_seconds:p99_2m{%s})' % route,
        [[null, 'green'], [1, 'orange'], [5, 'red']],
        'The route with the highest latency: 99 of 100 of its requests are faster.'
      ),
    ]),
    binnacle.row('Hosts', [
      binnacle.graph('Requests by host', 'reqps', [['sum by (host) (host:requests:rate2m{%s})' % request, '{{host}}']]),
      binnacle.graph('Errors by host', 'percentunit', [[errors('host', 'host', request), '{{host}}']]),
      binnacle.stacked(
        'Answers by code',
        'reqps',
        [['sum by (code) (answer:requests:rate2m{%s})' % request, '{{code}}']],
        'Code 0: the client left before an answer.'
      ),
      binnacle.stacked(
        'Response flags',
        'reqps',
        [['sum by (flags) (answer:requests:rate2m{%s, flags!="-"})' % request, '{{flags}}']],
        'Why Envoy answered by itself: UH no healthy endpoint, UF connection failed, UT time limit, UO overflow, DC the client left.'
      ),
      binnacle.graph(
        'Requests without a route',
        'reqps',
        [['listener:requests_without_route:rate2m', '{{envoy_http_conn_manager_prefix}}']],
        'Answered with 404: no host or path fits.'
      ),
      binnacle.graph(
        'Latency by listener, 99 %',
        's',
        [['listener:request_duration_seconds:p99_2m', '{{listener}}']]
      ),
    ]),
    binnacle.row('Routes', [
      binnacle.graph('Requests by route', 'reqps', [['sum by (%s) (route:requests:rate2m{%s})' % [ofRoute, route], routeName]]),
      binnacle.graph('Errors by route', 'percentunit', [[errors('route', ofRoute, route), routeName]]),
      binnacle.graph(
        'Error budget used, 6 hours',
        'percentunit',
        [['(route:request_errors:ratio6h{%(m)s} or sum_over_time(route:requests:increase5m{%(m)s}[6h]) * 0) / scalar(1 - slo:availability_objective:ratio)' % { m: route }, routeName]],
        'At 100 % the route fails exactly as often as its objective allows.'
      ),
      binnacle.graph('Latency 50 %', 's', [['route:request_duration_seconds:p50_2m{%s}' % route, routeName]]),
      binnacle.graph('Latency 90 %', 's', [['route:request_duration_seconds:p90_2m{%s}' % route, routeName]]),
      binnacle.graph('Latency 99 %', 's', [['route:request_duration_seconds:p99_2m{%s}' % route, routeName]]),
    ]),
  ]
)
