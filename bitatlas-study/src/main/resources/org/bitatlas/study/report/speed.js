'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const byId = id => document.getElementById(id);
  const color = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const names = data.schemes.map(scheme => scheme.scheme);
  const short = value => value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
  const phaseColors = {
    linear: '--method-0', head: '--e5', attention: '--method-1', quantization: '--method-2', transform: '--method-3',
    norm: '--loss3', rotary: '--loss2', activation: '--e3', sampling: '--broken', other: '--line',
  };
  if (!window.echarts) return;

  function frame() {
    const ink = color('--ink');
    const line = color('--line');
    return {
      animation: false,
      textStyle: {fontFamily: 'inherit', color: ink},
      grid: {left: 8, right: 24, top: 8, bottom: 8, containLabel: true},
      tooltip: {renderMode: 'richText', confine: true, backgroundColor: color('--panel'), borderColor: line, textStyle: {color: ink}},
      xAxis: {type: 'value', axisLabel: {color: color('--soft')}, splitLine: {lineStyle: {color: line}}},
      yAxis: {type: 'category', data: names, inverse: true, axisLabel: {color: ink}, axisLine: {lineStyle: {color: line}}, axisTick: {show: false}},
    };
  }

  // Medians as bars, quartiles as whiskers.
  function speed(field) {
    const ink = color('--ink');
    const whisker = (parameters, api) => {
      const row = api.value(0);
      const [x1, y] = api.coord([api.value(1), row]);
      const x2 = api.coord([api.value(2), row])[0];
      const stroke = (a, b, c, d) => ({type: 'line', shape: {x1: a, y1: b, x2: c, y2: d}, style: {stroke: ink, lineWidth: 1.5}});
      return {type: 'group', children: [stroke(x1, y, x2, y), stroke(x1, y - 4, x1, y + 4), stroke(x2, y - 4, x2, y + 4)]};
    };
    const options = frame();
    options.tooltip.formatter = ({dataIndex}) => {
      const scheme = data.schemes[dataIndex];
      const {median, low, high} = scheme[field];
      return scheme.scheme + ', ' + scheme.execution + '\n' + short(median) + ' tokens/s [' + short(low) + ', ' + short(high) + ']';
    };
    options.series = [
      {
        type: 'bar', barMaxWidth: 22, data: data.schemes.map(scheme => ({
          value: scheme[field].median,
          itemStyle: {color: color(scheme.execution === 'float' ? '--float' : scheme.execution === 'integer' ? '--method-2' : '--method-0')},
        })),
        label: {show: true, position: 'insideLeft', color: color('--page'), formatter: ({value}) => short(value)},
      },
      {
        type: 'custom', silent: true, z: 3, renderItem: whisker, encode: {x: [1, 2], y: 0},
        data: data.schemes.map((scheme, i) => [i, scheme[field].low, scheme[field].high]),
      },
    ];
    return options;
  }

  function phases(part) {
    const per = part === 'decode' ? data.tokens : 1;
    const options = frame();
    const order = Object.keys(phaseColors);
    options.grid.top = byId('phases-' + part).clientWidth < 560 ? 104 : byId('phases-' + part).clientWidth < 900 ? 64 : 40;
    options.legend = {top: 0, left: 0, textStyle: {color: color('--ink')}, data: order};
    options.tooltip.formatter = ({seriesName, dataIndex, value}) => names[dataIndex] + ', ' + seriesName + '\n' + short(value) + ' ms, '
      + (100 * value * per / 1e3 / data.schemes[dataIndex][part].seconds).toFixed(1) + ' %';
    options.series = order.map(phase => ({
      name: phase, type: 'bar', stack: 'all', barMaxWidth: 22, itemStyle: {color: color(phaseColors[phase])},
      data: data.schemes.map(scheme => 1e3 * scheme[part].phases[phase] / per),
    }));
    return options;
  }

  const drawings = {
    'chart-prefill': () => speed('prefillTokensPerSecond'),
    'chart-decode': () => speed('decodeTokensPerSecond'),
    'phases-prefill': () => phases('prefill'),
    'phases-decode': () => phases('decode'),
  };
  document.querySelectorAll('.with-charts').forEach(box => { box.hidden = false; });
  for (const [id, options] of Object.entries(drawings)) {
    const box = byId(id);
    box.style.height = (id.startsWith('phases') ? 8 : 3) + 2.2 * names.length + 'rem';
    const chart = window.echarts.init(box, null, {renderer: 'svg'});
    const draw = () => chart.setOption(options(), true);
    draw();
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
    new ResizeObserver(() => { chart.resize(); draw(); }).observe(box);
  }
})();
