#!/usr/bin/env node
'use strict';
// Runs the client side of recorded transcripts against a server and compares what the clients receive.
// See transcripts/README.md
const fs = require('fs'), path = require('path'), cp = require('child_process'), net = require('net');
const { Ctx } = require('./runner'), { diff, applyFixes, timing } = require('./compare');
const A = { url: 'ws://127.0.0.1:3000', secret: 'voiceping2359staging', env: 'default' }, files = [];
for (let i = 2; i < process.argv.length; i++) {
  const a = process.argv[i]; if (!a.startsWith('--')) { const st = fs.statSync(a); if (st.isDirectory()) fs.readdirSync(a).filter(f => f.endsWith('.json')).sort().forEach(f => files.push(path.join(a, f))); else files.push(a); continue; }
  const k = a.slice(2); if (['strict', 'verbose', 'timing', 'help', 'all-envs', 'skip-crash'].includes(k)) A[k] = true; else A[k] = process.argv[++i];
}
if (A.help || !files.length) { console.log(`replay.js [options] <transcript.json | directory>...
  --url ws://host:port      server under test (default ${A.url})
  --secret S                JWT secret the server was started with (profile 2026)
  --redis redis://host:port enables Redis probes and the transcripts that need Redis
  --uploads DIR             the server's uploads directory: enables recording probes
  --restart-cmd CMD         run before every transcript, with the transcript's server settings exported
                            (PORT etc. are yours); must (re)start the server with empty state
  --env NAME                without --restart-cmd: only run transcripts recorded with this settings group
                            (default|fast|busy|ping|legacy, see envs.json)
  --fixed B06,RAW,...|all|none  accept these documented deviations (default all)
  --only name,name   --tags t,t   --skip-crash   --strict (deviations count as failures)   --timing   --verbose
  --report FILE             JSON report`); process.exit(1); }
const subsets = l => l.reduce((s, x) => s.concat(s.map(y => y.concat([x]))), [[]]);
const wait = (p, h, ms) => new Promise(res => { const t = Date.now(); (function go() { const s = net.connect(p, h); s.on('connect', () => { s.destroy(); res(true); }); s.on('error', () => Date.now() - t > ms ? res(false) : setTimeout(go, 50)); })(); });
let n = Math.floor(Math.random() * 3000);
const CH = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
(async () => {
  const u = new URL(A.url), sum = { pass: 0, fixed: 0, fail: 0, skip: 0 }, report = [];
  for (const f of files) {
    const t = JSON.parse(fs.readFileSync(f)); const label = `${t.set}/${t.profile} ${t.name}`;
    if (A.only && !A.only.split(',').includes(t.name)) continue; if (A.tags && !A.tags.split(',').some(x => t.tags.includes(x))) continue; if (A['skip-crash'] && t.crash) continue;
    const skip = (t.requires || []).includes('redis') && !A.redis ? 'needs --redis' : (t.tags.includes('redis') && !A.redis ? 'needs --redis' : (!A['restart-cmd'] && !A['all-envs'] && t.env !== A.env ? 'settings group ' + t.env : null));
    if (skip) { sum.skip++; console.log('SKIP  ' + label + '  (' + skip + ')'); continue; }
    if (A['restart-cmd']) { cp.execSync(A['restart-cmd'], { env: Object.assign({}, process.env, t.serverEnv, { VP_PROFILE: t.profile }), stdio: ['ignore', 'ignore', 'inherit'], shell: '/bin/bash' }); await wait(+u.port || 80, u.hostname, 5000); }
    n = (n + 1) % 3844; const tag = 'T' + CH[Math.floor(n / 62)] + CH[n % 62];
    const ctx = new Ctx({ url: A.url, tag, profile: t.profile, secret: A.secret, redis: A.redis, uploads: A.uploads, looseEpochs: t.looseEpochs });
    let ev; try { ev = await ctx.run(t.steps); } catch (e) { ev = [{ c: '(runner)', phase: 0, kind: 'error', error: String(e) }]; }
    const allowed = (t.fixes || []).filter(x => !A.fixed || A.fixed === 'all' || A.fixed.split(',').includes(x.bug));
    let best = null, used = null;
    for (const s of subsets(A.fixed === 'none' ? [] : allowed).sort((a, b) => a.length - b.length)) {
      const d = diff(applyFixes(t.events, s), ev, { unordered: t.unordered, anyReason: s.some(x => x.bug.startsWith('RFC')) });
      if (!best || d.length < best.length) best = d; if (!d.length) { used = s.map(x => x.bug); break; }
    }
    const tw = timing(t.events, ev); let status = used === null ? 'FAIL' : used.length ? 'FIXED' : 'PASS'; if (A.strict && status === 'FIXED') status = 'FAIL';
    sum[{ PASS: 'pass', FIXED: 'fixed', FAIL: 'fail' }[status]]++;
    console.log(status.padEnd(6) + label + (used && used.length ? '  with ' + used.join(',') : '') + (A.timing && tw.length ? '  TIMING ' + tw.join('; ') : ''));
    if (status === 'FAIL' || A.verbose) for (const d of best) { console.log('    ' + d.where); for (const x of d.missing) console.log('      missing    ' + x.slice(0, 300)); for (const x of d.unexpected) console.log('      unexpected ' + x.slice(0, 300)); if (!d.missing.length && !d.unexpected.length) console.log('      same events, different order or count\n        expected ' + d.expected.join('\n                 ').slice(0, 800) + '\n        actual   ' + d.actual.join('\n                 ').slice(0, 800)); }
    report.push({ file: path.basename(f), set: t.set, profile: t.profile, name: t.name, status, fixes: used || undefined, diffs: used === null ? best : undefined, timing: tw });
  }
  console.log(`\npass ${sum.pass}  pass-with-documented-fix ${sum.fixed}  fail ${sum.fail}  skipped ${sum.skip}`);
  if (A.report) fs.writeFileSync(A.report, JSON.stringify({ url: A.url, sum, results: report }, null, 1));
  process.exit(sum.fail ? 1 : 0);
})();
