// Discovery: the platforms on which upstreams are found, and what of it is here. Takes the place of Gimbal's dashboard of that name.
local binnacle = import 'binnacle.libsonnet';

local backend = 'backend=~"$backend"';
local matchers = 'backend=~"$backend", namespace=~"$namespace"';
local upstream(kind) = 'binnacle_discovery_upstream_%s{%s}' % [kind, matchers];
local here(kind) = 'binnacle_discovery_replicated_%s{%s}' % [kind, matchers];
local total(expression) = 'sum(%s) or vector(0)' % expression;
local by(labels, expression) = 'sum by (%s) (%s)' % [labels, expression];
local share(labels, kind) = '%s / (%s > 0)' % [by(labels, here(kind)), by(labels, upstream(kind))];
local platforms(matcher) = 'count(binnacle_discovery_backend_info{%s}) or vector(0)' % matcher;
// What several Envoys know of the same upstream, once; the ports of a service together, as upstream they are counted.
local envoy(labels) =
  'sum by (%s) (max by (backend, namespace, service, port) (envoy_cluster_membership_total{%s, namespace!=""}))'
  % [labels, matchers];
local healthy(labels) =
  'sum by (%(l)s) (envoy_cluster_membership_healthy{%(m)s}) / (sum by (%(l)s) (envoy_cluster_membership_total{%(m)s}) > 0)'
  % { l: labels, m: matchers + ', namespace!=""' };

binnacle.dashboard(
  'binnacle-discovery',
  'Binnacle / Discovery',
  'Backends, what they have, how much of it is here, and how long that takes.',
  [
    binnacle.labelVariable('backend', 'backend', 'Backend', 'binnacle_discovery_backend_info'),
    binnacle.labelVariable('namespace', 'namespace', 'Team', 'binnacle_discovery_upstream_services{backend=~"$backend"}'),
  ],
  [
    binnacle.row('At a glance', [
      binnacle.number('Backends', 'short', platforms(backend)),
      binnacle.number('Kubernetes backends', 'short', platforms('%s, platform="kubernetes"' % backend)),
      binnacle.number('OpenStack backends', 'short', platforms('%s, platform="openstack"' % backend)),
      binnacle.number('Services here', 'short', total(here('services'))),
      binnacle.number('Endpoints here', 'short', total(here('endpoints')), description='Addresses times ports, ready or not.'),
      binnacle.number(
        'Services held',
        'short',
        total('binnacle_discovery_held_services{%s}' % backend),
        [[null, 'green'], [1, 'orange']],
        'They went in a mass and stay until somebody confirms: `binnacle backends confirm`.'
      ),
    ]),
    binnacle.row('State', [
      binnacle.graph(
        'In step',
        'short',
        [['min by (backend) (binnacle_source_synced{%s})' % backend, '{{backend}}']],
        '1 while a source is in step with what it reads from; local is the home.'
      ),
      binnacle.graph(
        'Age of what is known',
        's',
        [['time() - max by (backend) (binnacle_source_synced_timestamp_seconds{%s, backend!="local"})' % backend, '{{backend}}']],
        'Since a backend was last known to be in step.'
      ),
      binnacle.graph(
        'Failures by kind',
        'cps',
        [['sum by (backend, kind) (rate(binnacle_discovery_errors_total{%s}[$__rate_interval]))' % backend, '{{backend}} {{kind}}']]
      ),
      binnacle.graph(
        'Services that wait to be written',
        'short',
        [['max by (backend) (binnacle_discovery_waiting_services{%s})' % backend, '{{backend}}']]
      ),
      binnacle.graph(
        'Lag',
        's',
        [['max by (backend) (binnacle_discovery_lag_seconds{%s})' % backend, '{{backend}}']],
        'How long the oldest of them waits.'
      ),
      binnacle.graph(
        'Things that cannot be used',
        'short',
        [['max by (backend, severity) (binnacle_source_problems{%s})' % backend, '{{backend}} {{severity}}']]
      ),
    ]),
    binnacle.row('By backend', [
      binnacle.graph('Services by backend', 'short', [[by('backend', here('services')), '{{backend}}']]),
      binnacle.graph('Share of services that are here', 'percentunit', [[share('backend', 'services'), '{{backend}}']]),
      binnacle.graph(
        'Services that are missing',
        'short',
        [['%s - %s' % [by('backend, namespace', upstream('services')), by('backend, namespace', here('services'))], '{{backend}} {{namespace}}']]
      ),
      binnacle.graph('Endpoints by backend', 'short', [[by('backend', here('endpoints')), '{{backend}}']]),
      binnacle.graph('Share of endpoints that are here', 'percentunit', [[share('backend', 'endpoints'), '{{backend}}']]),
      binnacle.graph(
        'Held services',
        'short',
        [['max by (backend) (binnacle_discovery_held_services{%s})' % backend, '{{backend}}']]
      ),
    ]),
    binnacle.row('By team and service', [
      binnacle.graph('Services by team', 'short', [[by('namespace', here('services')), '{{namespace}}']]),
      binnacle.graph('Endpoints by team', 'short', [[by('namespace', here('endpoints')), '{{namespace}}']]),
      binnacle.graph(
        'Share of endpoints that are here, by team',
        'percentunit',
        [[share('namespace, backend', 'endpoints'), '{{namespace}} {{backend}}']]
      ),
      binnacle.graph(
        'Endpoints by service',
        'short',
        [[envoy('namespace, service'), '{{namespace}}/{{service}}']],
        'Of services that routes use, as Envoy has them.'
      ),
      binnacle.graph(
        'Endpoints by service and backend',
        'short',
        [[envoy('namespace, service, backend'), '{{namespace}}/{{service}} {{backend}}']],
        'Of services that routes use, as Envoy has them.'
      ),
      binnacle.graph(
        'Healthy share by service and backend',
        'percentunit',
        [[healthy('namespace, service, backend'), '{{namespace}}/{{service}} {{backend}}']]
      ),
    ]),
    binnacle.row('Platforms', [
      binnacle.graph(
        'Requests to platforms',
        'reqps',
        [['sum by (backend, verb) (rate(binnacle_platform_requests_total{%s}[$__rate_interval]))' % backend, '{{backend}} {{verb}}']],
        'Backend local is the home cluster.'
      ),
      binnacle.graph(
        'Answers by code',
        'reqps',
        [['sum by (backend, code) (rate(binnacle_platform_requests_total{%s}[$__rate_interval]))' % backend, '{{backend}} {{code}}']],
        'Code 0: no answer.'
      ),
      binnacle.graph(
        'Answer time 50 %',
        's',
        [['platform:request_duration_seconds:p50_5m{%s}' % backend, '{{backend}} {{verb}} {{resource}}']],
        'Of a watch until it begins.'
      ),
      binnacle.graph(
        'Answer time 99 %',
        's',
        [['platform:request_duration_seconds:p99_5m{%s}' % backend, '{{backend}} {{verb}} {{resource}}']],
        'Of a watch until it begins.'
      ),
      binnacle.graph(
        'Time to ask for everything, 50 %',
        's',
        [['discovery:sync_duration_seconds:p50_1h{%s}' % backend, '{{backend}}']],
        'Over an hour; where nothing was asked in it, since the start.'
      ),
      binnacle.graph(
        'Time to ask for everything, 99 %',
        's',
        [['discovery:sync_duration_seconds:p99_1h{%s}' % backend, '{{backend}}']],
        'Over an hour; where nothing was asked in it, since the start.'
      ),
    ]),
  ]
)
