// The part of grafonnet's API that our dashboards use, under grafonnet's own import path and with the same output. Where the
// real library is installed (`jb install github.com/grafana/grafonnet/gen/grafonnet-latest@main`), `jsonnet -J lib -J vendor`
// takes that one instead, and the result is the same to the byte: keep it so when a function is added.
//
// Every function returns an object to be added (+). Objects merge at every depth; a function that sets a list replaces it.

// A setter of one field below `path`: set(['options', 'legend'], 'placement')('bottom').
local set(path, field) = function(value)
  std.foldr(function(name, inner) { [name]+: inner }, path, { [field]: value });

local gridPos = {
  withX: set(['gridPos'], 'x'),
  withY: set(['gridPos'], 'y'),
  withW: set(['gridPos'], 'w'),
  withH: set(['gridPos'], 'h'),
};

// What all panels with data have.
local panel(type) = {
  new(title): {
    type: type,
    title: title,
    datasource: { type: 'datasource', uid: '-- Mixed --' },
    pluginVersion: 'v11.4.0',
  },
  gridPos: gridPos,
  panelOptions: { withDescription: set([], 'description') },
  queryOptions: {
    withDatasource(type, uid): { datasource+: { type: type, uid: uid } },
    withTargets: set([], 'targets'),
  },
  standardOptions: {
    local defaults = ['fieldConfig', 'defaults'],
    withUnit: set(defaults, 'unit'),
    withMin: set(defaults, 'min'),
    color: { withMode: set(defaults + ['color'], 'mode') },
    thresholds: {
      withMode: set(defaults + ['thresholds'], 'mode'),
      withSteps: set(defaults + ['thresholds'], 'steps'),
    },
    threshold: {
      step: {
        withValue: set([], 'value'),
        withColor: set([], 'color'),
      },
    },
  },
};

{
  dashboard: {
    new(title): {
      title: title,
      schemaVersion: 39,
      timezone: 'utc',
      time: { from: 'now-6h', to: 'now' },
    },
    withUid: set([], 'uid'),
    withDescription: set([], 'description'),
    withTags: set([], 'tags'),
    withTimezone: set([], 'timezone'),
    withRefresh: set([], 'refresh'),
    withEditable: set([], 'editable'),
    withVariables(variables): { templating+: { list: variables } },
    // Panels get their ids here, in order from 1.
    withPanels(panels): {
      panels: std.mapWithIndex(function(index, panel) panel { id: index + 1 }, panels),
    },
    time: { withFrom: set(['time'], 'from') },
    graphTooltip: { withSharedCrosshair(): { graphTooltip: 1 } },

    variable: {
      datasource: {
        new(name, type): { name: name, type: 'datasource', query: type },
        generalOptions: { withLabel: set([], 'label') },
      },
      query: {
        new(name): { name: name, type: 'query' },
        withDatasource(type, uid): { datasource: { type: type, uid: uid } },
        withSort(order): { sort: order },
        queryTypes: {
          withLabelValues(label, metric): { query: 'label_values(%s, %s)' % [metric, label] },
        },
        generalOptions: { withLabel: set([], 'label') },
        selectionOptions: {
          withMulti: set([], 'multi'),
          withIncludeAll(value, allValue): { includeAll: value, allValue: allValue },
        },
        // Asks for the values again when the time range changes.
        refresh: { onTime(): { refresh: 2 } },
      },
    },
  },

  panel: {
    row: {
      new(title): { type: 'row', title: title, collapsed: false },
      gridPos: gridPos,
    },
    timeSeries: panel('timeseries') {
      fieldConfig: {
        defaults: {
          local custom = ['fieldConfig', 'defaults', 'custom'],
          custom: {
            withFillOpacity: set(custom, 'fillOpacity'),
            withShowPoints: set(custom, 'showPoints'),
            stacking: { withMode: set(custom + ['stacking'], 'mode') },
          },
        },
      },
      options: {
        legend: {
          withDisplayMode: set(['options', 'legend'], 'displayMode'),
          withPlacement: set(['options', 'legend'], 'placement'),
        },
        tooltip: {
          withMode: set(['options', 'tooltip'], 'mode'),
          withSort: set(['options', 'tooltip'], 'sort'),
        },
      },
    },
    stat: panel('stat') {
      options: {
        withGraphMode: set(['options'], 'graphMode'),
        withColorMode: set(['options'], 'colorMode'),
        reduceOptions: { withCalcs: set(['options', 'reduceOptions'], 'calcs') },
      },
    },
  },

  query: {
    prometheus: {
      new(datasource, expression): {
        datasource: { type: 'prometheus', uid: datasource },
        expr: expression,
      },
      withLegendFormat: set([], 'legendFormat'),
      withRefId: set([], 'refId'),
      withInstant: set([], 'instant'),
      withRange: set([], 'range'),
    },
  },
}
