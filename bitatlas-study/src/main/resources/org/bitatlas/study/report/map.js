'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const byId = id => document.getElementById(id);
  const color = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const percent = share => (100 * share).toFixed(1);
  const element = (tag, className, text) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  };

  // Accuracy against memory

  const methods = [...new Set(data.rows.map(row => row.method))];
  const symbols = ['circle', 'triangle', 'rect', 'diamond'];
  const methodColor = method => method === 'float'
    ? color('--float') : color('--method-' + (methods.filter(m => m !== 'float').indexOf(method) % 4));
  const shift = method => {
    const quantized = methods.filter(m => m !== 'float');
    return method === 'float' ? 0 : 12 * (quantized.indexOf(method) - (quantized.length - 1) / 2);
  };
  const measure = byId('measure');
  const chosen = row => measure.value === 'mean' ? row : row.cells[Number(measure.value)];
  let chart = null;

  function points(method) {
    return data.rows
      .filter(row => row.method === method && row.bytes && chosen(row).value !== undefined)
      .map(row => ({
        value: [row.bytes / 1e6, 100 * chosen(row).value, 100 * (chosen(row).low ?? chosen(row).value),
          100 * (chosen(row).high ?? chosen(row).value)],
        row,
        symbol: symbols[methods.indexOf(method) % symbols.length],
        itemStyle: incomplete(row) ? {color: color('--panel'), borderColor: methodColor(method), borderWidth: 2} : {},
      }));
  }

  const incomplete = row => measure.value === 'mean' && row.leftOut > 0;

  function front() {
    const candidates = data.rows.filter(row => row.bytes && chosen(row).value !== undefined && !incomplete(row));
    return candidates
      .filter(row => !candidates.some(other => other !== row && other.model === row.model
        && ((other.bytes <= row.bytes && chosen(other).value > chosen(row).value)
          || (other.bytes < row.bytes && chosen(other).value >= chosen(row).value))))
      .sort((a, b) => a.bytes - b.bytes);
  }

  function tooltip(parameters) {
    const row = parameters.data && parameters.data.row;
    if (!row) return '';
    const cell = chosen(row);
    const lines = [row.label, percent(cell.value) + ' %'
      + (cell.low === undefined ? '' : '  [' + percent(cell.low) + ', ' + percent(cell.high) + ']'),
      (row.bytes / 1e6).toFixed(2) + ' MB, linear layers ' + (row.linearBytes / 1e6).toFixed(2) + ' MB'];
    if (incomplete(row)) lines.push(row.leftOut + ' broken tasks left out');
    return lines.join('\n');
  }

  function intervals(method) {
    const ink = methodColor(method);
    return (parameters, api) => {
      const x = api.coord([api.value(0), 0])[0] + shift(method);
      const low = api.coord([0, api.value(2)])[1];
      const high = api.coord([0, api.value(3)])[1];
      const line = (x1, y1, x2, y2) => ({type: 'line', shape: {x1, y1, x2, y2}, style: {stroke: ink, lineWidth: 1.5}});
      return {type: 'group', children: [line(x, low, x, high), line(x - 4, low, x + 4, low), line(x - 4, high, x + 4, high)]};
    };
  }

  function options() {
    const ink = color('--ink');
    const soft = color('--soft');
    const line = color('--line');
    const narrow = byId('chart').clientWidth < 560;
    const series = [];
    const edge = front();
    series.push({
      name: 'Pareto front', type: 'line', step: 'end', symbol: 'none', silent: true, z: 1,
      lineStyle: {color: soft, type: 'dashed', width: 1.5}, itemStyle: {color: soft},
      data: edge.map(row => [row.bytes / 1e6, 100 * chosen(row).value]),
    });
    let lowest = 100;
    for (const method of methods) {
      const values = points(method);
      values.forEach(point => { lowest = Math.min(lowest, point.value[2]); });
      series.push({
        name: method, type: 'custom', renderItem: intervals(method), silent: true, z: 2,
        data: values.map(point => point.value), encode: {x: 0, y: [2, 3]}, itemStyle: {color: methodColor(method)},
      });
      series.push({
        name: method, type: 'scatter', symbol: symbols[methods.indexOf(method) % symbols.length], symbolSize: 12,
        symbolOffset: [shift(method), 0], z: 3, data: values, encode: {x: 0, y: 1},
        itemStyle: {color: methodColor(method), borderColor: color('--panel'), borderWidth: 1},
        label: {
          show: true, formatter: point => point.data.row.bits === 16 ? 'float' : 'W' + point.data.row.bits,
          position: shift(method) < 0 ? 'bottom' : 'top', color: ink, fontSize: 12,
        },
      });
    }
    const sizes = data.rows.filter(row => row.bytes).map(row => row.bytes / 1e6);
    const bottom = Math.max(0, Math.floor((lowest - 3) / 5) * 5);
    return {
      animation: false,
      textStyle: {fontFamily: 'inherit', color: ink},
      grid: {left: narrow ? 42 : 60, right: narrow ? 24 : 40, top: 44, bottom: 52},
      legend: {
        top: 0, left: 0, textStyle: {color: ink},
        data: [...methods.map((method, i) => ({name: method, icon: symbols[i % symbols.length], itemStyle: {color: methodColor(method)}})),
          {name: 'Pareto front'}],
      },
      tooltip: {
        trigger: 'item', renderMode: 'richText', formatter: tooltip, confine: true,
        backgroundColor: color('--panel'), borderColor: line, textStyle: {color: ink},
      },
      xAxis: {
        type: 'value', name: 'Model size, MB', nameLocation: 'middle', nameGap: 32, min: 0,
        max: Math.ceil(1.08 * Math.max(...sizes, 0.001) * 10) / 10,
        nameTextStyle: {color: soft}, axisLabel: {color: soft, showMaxLabel: false}, axisLine: {lineStyle: {color: line}},
        splitLine: {show: false},
      },
      yAxis: {
        type: 'value', name: 'Accuracy, %', nameLocation: narrow ? 'end' : 'middle', nameGap: narrow ? 10 : 40, min: bottom, max: 100,
        nameTextStyle: {color: soft}, axisLabel: {color: soft}, splitLine: {lineStyle: {color: line}},
      },
      series,
    };
  }

  function draw() {
    if (!chart) return;
    chart.setOption(options(), true);
    const undrawn = data.rows.filter(row => !row.bytes || chosen(row).value === undefined).map(row => row.label);
    const hollow = data.rows.filter(row => incomplete(row) && chosen(row).value !== undefined).map(row => row.label);
    byId('undrawn').textContent = [
      undrawn.length ? 'Not drawn, because no cell is OK: ' + undrawn.join(', ') + '.' : '',
      hollow.length ? 'Hollow, because broken tasks are left out of the mean: ' + hollow.join(', ') + '.' : '',
    ].join(' ').trim();
  }

  if (window.echarts && data.rows.some(row => row.bytes && row.value !== undefined)) {
    document.querySelector('.chart-box').hidden = false;
    measure.append(new Option('all tasks, mean', 'mean'));
    data.columns.forEach((column, i) => {
      if (column.metric === 'ACCURACY' && data.rows.some(row => row.cells[i].value !== undefined)) {
        measure.append(new Option(column.label, String(i)));
      }
    });
    chart = window.echarts.init(byId('chart'), null, {renderer: 'svg'});
    draw();
    measure.addEventListener('change', draw);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
    new ResizeObserver(() => { chart.resize(); draw(); }).observe(byId('chart'));
  }

  // Tables: sort by a column, copy as Markdown or CSV

  const shownText = node => node.innerText.replace(/\s+/g, ' ').trim();

  /** The number that a cell begins with, or its text; a dash sorts last. */
  function sortKey(cell) {
    const text = shownText(cell).replace(/−/g, '-');
    const number = /^[<≥]?\s*([-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?)\s*(kB|MB|GB|ms|min|h)?/.exec(text);
    if (number) {
      const scale = {kB: 1e3, MB: 1e6, GB: 1e9, ms: 1e-3, min: 60, h: 3600}[number[2]] || 1;
      return {rank: 0, value: Number(number[1].replace(/,/g, '')) * scale, text};
    }
    return {rank: text === '' || text === '–' ? 2 : 1, value: 0, text};
  }

  function sort(table, column, ascending) {
    const body = table.tBodies[0];
    const sign = ascending ? 1 : -1;
    const lines = [...body.rows].map(row => ({row, key: sortKey(row.cells[column])}));
    lines.sort((a, b) => (a.key.rank === 2 || b.key.rank === 2 ? a.key.rank - b.key.rank
      : sign * (a.key.rank - b.key.rank || a.key.value - b.key.value
        || a.key.text.localeCompare(b.key.text, 'en', {numeric: true}))));
    body.append(...lines.map(line => line.row));
    [...table.tHead.rows[0].cells].forEach((head, i) => {
      if (i === column) head.setAttribute('aria-sort', ascending ? 'ascending' : 'descending');
      else head.removeAttribute('aria-sort');
    });
  }

  const lines = table => [...table.rows].map(row => [...row.cells].map(shownText));
  const forms = {
    Markdown: table => {
      const all = lines(table).map(line => '| ' + line.map(text => text.replace(/\\/g, '\\\\').replace(/\|/g, '\\|')).join(' | ') + ' |');
      return [all[0], '|' + ':--|'.repeat(table.rows[0].cells.length), ...all.slice(1)].join('\n') + '\n';
    },
    CSV: table => lines(table).map(line => line.map(
      text => (/[",\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text)).join(',')).join('\r\n') + '\r\n',
  };

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = element('textarea');
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand('copy');
      area.remove();
      return done;
    }
  }

  document.querySelectorAll('table.plain, table.heat').forEach(table => {
    const name = table.caption ? table.caption.textContent : 'table';
    const tools = element('p', 'tools');
    for (const form of Object.keys(forms)) {
      const button = element('button', '', 'Copy ' + form);
      button.type = 'button';
      button.setAttribute('aria-label', 'Copy ' + name + ' as ' + form);
      button.addEventListener('click', async () => {
        byId('copied').textContent = await copy(forms[form](table))
          ? name + ' copied as ' + form + '.' : 'The browser does not let this page copy.';
        button.textContent = 'Copied';
        setTimeout(() => { button.textContent = 'Copy ' + form; }, 1500);
      });
      tools.append(button);
    }
    table.parentElement.before(tools);
    if (!table.classList.contains('plain')) return;
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = element('button', '', head.textContent);
      button.type = 'button';
      button.title = 'Sort by ' + head.textContent;
      button.addEventListener('click', () => sort(table, column, head.getAttribute('aria-sort') !== 'ascending'));
      head.replaceChildren(button);
    });
  });

  // Samples

  const PAGE = 20;
  const dialog = byId('samples');
  const list = byId('samples-list');
  const more = byId('samples-more');
  const unpacked = new Map();
  let shown = null;

  async function unpack(id) {
    if (!unpacked.has(id)) {
      const binary = atob(byId(id).textContent.trim());
      const bytes = Uint8Array.from(binary, character => character.charCodeAt(0));
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
      unpacked.set(id, JSON.parse(await new Response(stream).text()));
    }
    return unpacked.get(id);
  }

  function message(text) {
    list.replaceChildren(element('p', 'note', text));
    more.hidden = true;
    byId('samples-count').textContent = '';
  }

  async function open(id) {
    const [row, column] = id.split('-').map(Number);
    const cell = data.rows[row].cells[column];
    const line = byId('cell-' + id);
    const cells = [...line.children].map(child => child.innerText.replace(/\s+/g, ' ').trim());
    byId('samples-title').textContent = cells[0] + ' on ' + cells[1];
    byId('samples-numbers').textContent = [
      cells[2], cells[3] === '–' ? '' : cells[3] + ' ' + cells[4], cells[5] + ' items',
      cells[6] ? cells[6] + ' against float ' + cells[7] : '', cells[10],
    ].filter(text => text).join(' · ');
    document.querySelector('input[name=filter][value=all]').checked = true;
    shown = null;
    message('Unpacking …');
    if (!dialog.open) dialog.showModal();
    if (!cell.pack) {
      message('This cell has no samples.');
    } else if (!window.DecompressionStream) {
      message('This browser cannot unpack the samples (it lacks DecompressionStream); map.json and the record store hold the numbers.');
    } else {
      const pack = await unpack(cell.pack);
      shown = {
        pack, row, column, base: data.rows[row].float, metric: data.columns[column].metric,
        answers: pack.rows[row], floats: pack.rows[data.rows[row].float],
      };
      fill();
    }
  }

  function matches(i) {
    const answer = shown.answers[i];
    if (!answer || answer.length === 0) return false;
    switch (document.querySelector('input[name=filter]:checked').value) {
      case 'wrong': return !answer[2];
      case 'flipped': {
        const other = shown.floats && shown.floats[i];
        return Boolean(other && other.length && other[2] !== answer[2]);
      }
      default: return true;
    }
  }

  function fill() {
    if (!shown) return;
    shown.hits = shown.pack.items.map((_, i) => i).filter(matches);
    shown.until = 0;
    list.replaceChildren();
    byId('samples-count').textContent = shown.hits.length + (shown.hits.length === 1 ? ' item' : ' items');
    showMore();
  }

  function showMore() {
    for (const i of shown.hits.slice(shown.until, shown.until + PAGE)) list.append(sample(i));
    shown.until += PAGE;
    more.hidden = shown.until >= shown.hits.length;
    more.textContent = 'Show more (' + Math.max(0, shown.hits.length - shown.until) + ' left)';
  }

  function output(name, answer) {
    const box = element('div');
    box.append(element('p', 'name', name + (answer[4] ? ', ' + answer[4] + ' tokens' : '')));
    const text = element('pre');
    const close = /\[unused17\]|<\/think>/.exec(answer[0]);
    if (close) {
      const end = close.index + close[0].length;
      text.append(element('span', 'thinking', answer[0].slice(0, end)), document.createTextNode('\n' + answer[0].slice(end)));
    } else {
      text.textContent = answer[0];
    }
    box.append(text);
    return box;
  }

  function sample(i) {
    const [index, prompt, expected] = shown.pack.items[i];
    const answer = shown.answers[i];
    const other = shown.floats && shown.floats[i] && shown.floats[i].length ? shown.floats[i] : null;
    const card = element('article', 'sample');
    const head = element('h3', '', 'Item ' + index);
    if (shown.metric === 'ACCURACY') {
      head.append(element('span', answer[2] ? 'right' : 'wrong', answer[2] ? '✓ right' : '✗ wrong'));
      if (other && other[2] !== answer[2]) {
        head.append(element('span', 'flip ' + (answer[2] ? 'right' : 'wrong'), answer[2] ? 'float was wrong' : 'float was right'));
      }
    }
    head.append(element('small', '', answer[3].toLowerCase().replace(/_/g, ' ')
      + (answer[1] ? ', read as “' + answer[1] + '”' : '')));
    card.append(head);
    if (prompt) card.append(element('p', 'name', 'Prompt'), element('p', '', prompt));
    if (expected) card.append(element('p', 'name', 'Expected'), element('p', '', expected));
    const pair = element('div', 'pair');
    pair.append(output(data.rows[shown.row].label, answer));
    if (other && shown.row !== shown.base) pair.append(output('float', other));
    card.append(pair);
    return card;
  }

  document.querySelectorAll('a[data-cell]').forEach(link => link.addEventListener('click', event => {
    event.preventDefault();
    open(link.dataset.cell);
  }));
  document.querySelectorAll('input[name=filter]').forEach(input => input.addEventListener('change', fill));
  more.addEventListener('click', showMore);
  byId('samples-close').addEventListener('click', () => dialog.close());
  dialog.addEventListener('click', event => { if (event.target === dialog) dialog.close(); });
  const linked = /^#cell-(\d+-\d+)$/.exec(location.hash);
  if (linked && byId('cell-' + linked[1])) open(linked[1]);
})();
