// What our dashboards have in common: one look for graphs, numbers and tables, and targets that are complete
// (expression, legend, refId, data source), because Grafana fills nothing in for provisioned ones.
local g = import 'github.com/grafana/grafonnet/gen/grafonnet-latest/main.libsonnet';

local source = '$datasource';

{
  // [expression, legend]: one line of a graph, or with several series one line each.
  local targets(pairs, instant=false) = std.mapWithIndex(
    function(index, pair)
      g.query.prometheus.new(source, pair[0])
      + g.query.prometheus.withLegendFormat(pair[1])
      + g.query.prometheus.withRefId(std.char(std.codepoint('A') + index))
      + (if instant then g.query.prometheus.withInstant(true) + g.query.prometheus.withRange(false) else {}),
    pairs
  ),

  // A graph over time. `unit` is Grafana's word for it: reqps, s, percentunit, short, bytes, Bps.
  graph(title, unit, pairs, description='')::
    local panel = g.panel.timeSeries;
    panel.new(title)
    + panel.panelOptions.withDescription(description)
    + panel.queryOptions.withDatasource('prometheus', source)
    + panel.queryOptions.withTargets(targets(pairs))
    + panel.standardOptions.withUnit(unit)
    + panel.standardOptions.withMin(0)
    + panel.fieldConfig.defaults.custom.withFillOpacity(10)
    + panel.fieldConfig.defaults.custom.withShowPoints('never')
    + panel.options.legend.withDisplayMode('list')
    + panel.options.legend.withPlacement('bottom')
    + panel.options.tooltip.withMode('multi')
    + panel.options.tooltip.withSort('desc'),

  // As graph, with the lines on top of each other: parts of a whole.
  stacked(title, unit, pairs, description='')::
    $.graph(title, unit, pairs, description)
    + g.panel.timeSeries.fieldConfig.defaults.custom.withFillOpacity(60)
    + g.panel.timeSeries.fieldConfig.defaults.custom.stacking.withMode('normal'),

  // One number now. `steps` are [value, colour] from which it takes that colour; the first value is null.
  number(title, unit, expression, steps=[[null, 'green']], description='')::
    local panel = g.panel.stat;
    panel.new(title)
    + panel.panelOptions.withDescription(description)
    + panel.queryOptions.withDatasource('prometheus', source)
    + panel.queryOptions.withTargets(targets([[expression, '']], instant=true))
    + panel.standardOptions.withUnit(unit)
    + panel.standardOptions.color.withMode('thresholds')
    + panel.standardOptions.thresholds.withMode('absolute')
    + panel.standardOptions.thresholds.withSteps([
      panel.standardOptions.threshold.step.withValue(step[0]) + panel.standardOptions.threshold.step.withColor(step[1])
      for step in steps
    ])
    + panel.options.withGraphMode('area')
    + panel.options.withColorMode('value')
    + panel.options.reduceOptions.withCalcs(['lastNotNull']),

  // A title over panels that stand three beside each other.
  row(title, panels):: { title: title, panels: panels },

  datasource:: g.dashboard.variable.datasource.new('datasource', 'prometheus')
               + g.dashboard.variable.datasource.generalOptions.withLabel('Data source'),

  // A variable with the values that a label has in a metric; several at once, or all.
  labelVariable(name, label, title, metric)::
    local variable = g.dashboard.variable.query;
    variable.new(name)
    + variable.withDatasource('prometheus', source)
    + variable.queryTypes.withLabelValues(label, metric)
    + variable.generalOptions.withLabel(title)
    + variable.selectionOptions.withMulti(true)
    + variable.selectionOptions.withIncludeAll(true, '.*')
    + variable.refresh.onTime()
    + variable.withSort(1),

  // A whole dashboard of rows. Places are counted here: grafonnet's makeGrid takes minutes for as many panels.
  dashboard(uid, title, description, variables, rows)::
    local heightOf(row) = 1 + 7 * std.ceil(std.length(row.panels) / 3);
    local place(rows, y) =
      if rows == [] then []
      else
        [
          g.panel.row.new(rows[0].title)
          + g.panel.row.gridPos.withX(0)
          + g.panel.row.gridPos.withY(y)
          + g.panel.row.gridPos.withW(24)
          + g.panel.row.gridPos.withH(1),
        ]
        + std.mapWithIndex(
          function(index, panel)
            panel
            + g.panel.timeSeries.gridPos.withX(8 * (index % 3))
            + g.panel.timeSeries.gridPos.withY(y + 1 + 7 * std.floor(index / 3))
            + g.panel.timeSeries.gridPos.withW(8)
            + g.panel.timeSeries.gridPos.withH(7),
          rows[0].panels
        )
        + place(rows[1:], y + heightOf(rows[0]));
    g.dashboard.new(title)
    + g.dashboard.withUid(uid)
    + g.dashboard.withDescription(description)
    + g.dashboard.withTags(['binnacle'])
    + g.dashboard.withTimezone('browser')
    + g.dashboard.withRefresh('10s')
    + g.dashboard.withEditable(false)
    + g.dashboard.time.withFrom('now-1h')
    + g.dashboard.graphTooltip.withSharedCrosshair()
    + g.dashboard.withVariables([$.datasource] + variables)
    + g.dashboard.withPanels(place(rows, 0)),
}
