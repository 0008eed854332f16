import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { freePorts, nginxIsMissing, startNginx } from '../harness/nginx';
import { certificateLines } from '../harness/tlsClients';
import { closeAll, closeLater, eventually, RawClient, startRig } from './proxyRig';

/** What is told of connections afterwards: `access_log` of stream and its variables, as nginx has them. */

afterEach(closeAll);

const ports = await freePorts(16);
const [own = 0, over = 0, read = 0, headed = 0, dead = 0, down = 0, limited = 0, behind = 0, secure = 0] = ports;
const [, , , , , , , , , lost = 0, named = 0, none = 0, gone = 0, barred = 0, bound = 0] = ports;

const FORMAT = `log_format all '$server_port $status $protocol $bytes_received/$bytes_sent $upstream_bytes_sent/$upstream_bytes_received '
  '[$upstream_addr] [$ssl_preread_server_name] [$ssl_preread_protocol] [$proxy_protocol_addr] [$ssl_protocol] '
  '[$ssl_server_name] [$limit_conn_status] [$mapped] [$remote_addr $realip_remote_addr]';
  log_format json escape=json '{"port":"$server_port","up":"$upstream_addr","mapped":"$mapped"}';
  log_format times '$session_time $upstream_connect_time $upstream_first_byte_time $upstream_session_time $msec $time_iso8601 $time_local';
  log_format plain escape=none '$hostname|$pid|$nginx_version';
  map $server_port $mapped { ${own} ""; default "\\xe9 x"; }`;

/** Servers that answer in a way that leaves no doubt about who has sent how much when it is over. */
const STREAM = `stream {
  ${FORMAT}
  limit_conn_zone $server_addr zone=one:64k;
  proxy_connect_timeout 1s; preread_buffer_size 32;
  upstream two { server 127.0.0.1:${gone} max_fails=0; server 127.0.0.1:${own}; }
  upstream dead { server 127.0.0.1:${gone} max_fails=0; server 127.0.0.1:${none} max_fails=0; }
  upstream down { server 127.0.0.1:${gone} down; server 127.0.0.1:${none} down; }
  access_log all.log all;
  server { listen 127.0.0.1:${own}; return "from $server_port for $remote_addr"; access_log off; }
  server { listen 127.0.0.1:${over}; proxy_pass 127.0.0.1:${own}; access_log all.log all; access_log json.log json; access_log times.log times; access_log plain.log plain; }
  server { listen 127.0.0.1:${read}; ssl_preread on; return "[$ssl_preread_server_name]"; }
  server { listen 127.0.0.1:${headed} proxy_protocol; set_real_ip_from 127.0.0.1; proxy_pass 127.0.0.1:${own}; }
  server { listen 127.0.0.1:${dead}; proxy_pass dead; }
  server { listen 127.0.0.1:${down}; proxy_pass down; }
  server { listen 127.0.0.1:${limited}; limit_conn one 1; proxy_pass 127.0.0.1:${lost}; }
  server { listen 127.0.0.1:${behind}; proxy_protocol on; proxy_pass two; }
  server { listen 127.0.0.1:${secure} ssl; ${certificateLines('localhost')} return x; access_log json.log json; }
  server { listen 127.0.0.1:${named}; return ""; access_log $server_port-$status.log json; }
  server { listen 127.0.0.1:${barred}; allow 192.0.2.0/24; deny 127.0.0.0/8; allow all; return x; }
  server { listen 127.0.0.1:${bound}; deny ::/0; allow 127.0.0.1; deny all; proxy_bind 127.0.0.2; proxy_pass 127.0.0.1:${own}; access_log json.log json; }
  server { listen 127.0.0.1:${lost}; limit_conn one 1; proxy_pass $mapped:1; }
}`;

const said = (port: number, text: string) => new RawClient(port).send(text).untilClosed();

/** One connection after the other, so that the order of the lines is certain. */
async function visit(): Promise<readonly string[]> {
  return [
    await said(own, ''),
    await said(over, ''),
    await said(read, 'GET / HTTP/1.1\r\n\r\n'),
    await said(read, `\x16\x03\x01\x01\x00${'x'.repeat(40)}`),
    await said(headed, 'PROXY TCP4 192.0.2.7 127.0.0.1 4711 80\r\n'),
    await said(headed, 'nonsense\r\n'),
    await said(dead, ''),
    await said(down, ''),
    await said(behind, ''),
    await said(secure, 'no handshake\r\n\r\n'),
    await said(named, ''),
    await said(lost, ''),
    await said(barred, ''),
    await said(bound, ''),
    await said(limited, ''),
  ];
}

const withoutOwnPort = (text: string) => text.replace(/PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+/g, 'PROXY');

describe.skipIf(nginxIsMissing)('the access log of stream', () => {
  it('says of every kind of end what nginx says', async () => {
    const nginx = await startNginx(`events { }\n${STREAM}`);
    let theirs: readonly string[] = [];
    let theirAnswers: readonly string[] = [];
    const files = ['all.log', 'json.log', `${named}-200.log`];
    try {
      theirAnswers = await visit();
      await eventually(() => nginx.read('all.log').split('\n').length > 12);
      theirs = files.map(nginx.read);
    } finally {
      await nginx.stop();
    }
    const prefix = mkdtempSync(join(tmpdir(), 'traffic-lab-stream-log-'));
    closeLater(() => rmSync(prefix, { recursive: true, force: true }));
    await startRig(STREAM, { ports: 'declared', prefix });
    const answers = await visit();
    const fileOf = (file: string) => (existsSync(join(prefix, file)) ? readFileSync(join(prefix, file), 'utf8') : '');
    await eventually(() => fileOf('all.log').split('\n').length > 12);
    expect(answers.map(withoutOwnPort)).toEqual(theirAnswers.map(withoutOwnPort));
    for (const [i, file] of files.entries()) expect(fileOf(file).split('\n')).toEqual(theirs[i]?.split('\n'));
    const statuses = fileOf('all.log')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ')[1]);
    expect(new Set(statuses)).toEqual(new Set(['200', '400', '403', '500', '502', '503']));
    expect(fileOf('times.log')).toMatch(
      /^(\d\.\d{3} ){4}\d+\.\d{3} \d{4}-\d\d-\d\dT\S+ \d\d\/\w{3}\/\d{4}:[\d:]+ [+-]\d{4}\n$/,
    );
    expect(fileOf('plain.log')).toMatch(/^\S+\|\d+\|[\d.]+\n$/);
  });
});
