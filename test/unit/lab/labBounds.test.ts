import { describe, expect, it } from 'vitest';
import { buildPlan } from '../../../src/balancer/buildPlan';
import { renderMessage } from '../../../src/base/message';
import { parseConf } from '../../../src/conf/parse';
import { boundsProblems } from '../../../src/lab/labBounds';

/** "line: message" of each problem of a configuration that nginx itself would take. */
function boundsOf(body: string): string[] {
  const { file, problems } = parseConf('lab.nginx.conf', `events {}\n${body}`);
  const plan = buildPlan(file, {}, problems);
  if (!plan.ok) throw new Error(plan.error.map((problem) => renderMessage(problem.message)).join('\n'));
  return boundsProblems(plan.value).map((problem) => `${problem.span.line}: ${renderMessage(problem.message)}`);
}

const stream = (...lines: string[]) => `stream {\n${lines.join('\n')}\n}`;
const http = (...lines: string[]) => `http {\n${lines.join('\n')}\n}`;

describe('what a lab refuses of a configuration', () => {
  it('takes servers of its own, each in one place for each protocol, and lines said twice', () => {
    expect(
      boundsOf(
        stream(
          'upstream rest { server 127.0.0.1:28101; # lab: backend server-a rest',
          '}',
          'upstream grpc { server 127.0.0.1:28201; # lab: backend server-a grpc',
          'server 127.0.0.1:28201; # lab: backend server-a grpc',
          '}',
          'server { listen 127.0.0.1:28150; proxy_pass grpc; }',
          'server { listen 127.0.0.1:28180; proxy_pass rest; }',
        ),
      ),
    ).toEqual([]);
  });

  it('a server on another machine, in an upstream or right in proxy_pass', () => {
    expect(
      boundsOf(
        http(
          'upstream a { server 192.168.0.7:80; }',
          'server { listen 127.0.0.1:28151; location / { proxy_pass http://a; }',
          'location /x { proxy_pass http://10.0.0.1:8080; } }',
        ),
      ),
    ).toEqual([
      '3: 192.168.0.7:80 is outside the lab: its traffic stays on 127.0.0.1.',
      '5: 10.0.0.1:8080 is outside the lab: its traffic stays on 127.0.0.1.',
    ]);
  });

  it('a port that only the system may open', () => {
    expect(boundsOf(stream('upstream a { server 127.0.0.1:80; # lab: backend server-a rest', '}'))).toEqual([
      '3: The lab’s servers use ports from 1024 to 65535, not 80.',
    ]);
  });

  it.each([
    ['127.0.0.1:28150', '127.0.0.1:28150'],
    ['28150', '127.0.0.1:28150'],
    ['127.0.0.1:28150', 'localhost:28150'],
  ])('a listener on %s that passes on to itself as %s', (listen, server) => {
    expect(
      boundsOf(stream('upstream a {', `server ${server};`, '}', `server { listen ${listen}; proxy_pass a; }`)),
    ).toEqual(['4: 127.0.0.1:28150 is this balancer itself: requests would go round in a circle.']);
  });

  it('a circle over http and stream, at each line that is part of it and at no other', () => {
    expect(
      boundsOf(
        [
          http(
            'server { listen 127.0.0.1:1001; location / {',
            'proxy_pass http://127.0.0.1:1002;',
            '} location /leaf {',
            'proxy_pass http://127.0.0.1:1003;',
            '} }',
            'server { listen 127.0.0.1:1003; return 204; }',
          ),
          stream('server { listen 127.0.0.1:1002;', 'proxy_pass 127.0.0.1:1001;', '}'),
        ].join('\n'),
      ),
    ).toEqual([
      '4: 127.0.0.1:1002 is this balancer itself: requests would go round in a circle.',
      '12: 127.0.0.1:1001 is this balancer itself: requests would go round in a circle.',
    ]);
  });

  it('takes a chain of listeners that ends', () => {
    expect(
      boundsOf(
        [
          http('server { listen 127.0.0.1:1001; location / { proxy_pass http://127.0.0.1:1002; } }'),
          stream('server { listen 127.0.0.1:1002; proxy_pass 127.0.0.1:28101; }'),
        ].join('\n'),
      ),
    ).toEqual([]);
  });

  it('an address that two lines claim', () => {
    expect(
      boundsOf(
        stream(
          'upstream a { server 127.0.0.1:28101; # lab: backend server-a rest',
          'server 127.0.0.1:28101; # lab: backend server-b rest',
          'server 127.0.0.1:28109; # lab: backend server-a rest',
          'server 127.0.0.1:28180; # lab: backend server-c rest',
          '}',
          'server { listen 127.0.0.1:28181; proxy_pass a; }',
          'server { listen 127.0.0.1:28180; proxy_pass 127.0.0.1:28107; }',
        ),
      ),
    ).toEqual([
      '4: 127.0.0.1:28101 is taken: line 3 has it.',
      '5: server-a has its address on line 3 already: 127.0.0.1:28101.',
      '6: 127.0.0.1:28180 is taken: line 9 has it.',
    ]);
    expect(
      boundsOf(
        [
          http('server { listen 127.0.0.1:1001; return 204; }'),
          stream('server {', 'listen 127.0.0.1:1001;', 'proxy_pass 127.0.0.1:28101; }'),
        ].join('\n'),
      ),
    ).toEqual(['7: 127.0.0.1:1001 is taken: line 3 has it.']);
  });

  describe('of a server that a variable names', () => {
    const choosing = (map: string, extra = '') =>
      http(
        'upstream old { server 127.0.0.1:28101; } upstream new { server 127.0.0.1:28102; }',
        map,
        'server { listen 127.0.0.1:28151;',
        extra,
        'location / { proxy_pass http://$choice; } }',
      );
    const refused = ['7: A lab’s servers have to be written out: variables could lead outside of it.'];

    it.each([
      ['a map over a header', 'map $http_x_version $choice { default old; 2 new; ~^3 new; }'],
      ['a map without a default', 'map $cookie_group $choice { b new; }'],
      ['parts of the clients', 'split_clients $remote_addr $choice { 10% new; * old; }'],
    ])('takes %s whose every value is an upstream of the file', (_what, map) => {
      expect(boundsOf(choosing(map))).toEqual([]);
    });

    it.each([
      ['a value that is no upstream', 'map $http_x_version $choice { default old; 2 10.0.0.1; }', ''],
      ['a value that the request makes', 'map $http_x_version $choice { default old; ~^(.*)$ $1; }', ''],
      ['a variable that nothing but a set makes', '', 'set $choice $arg_to;'],
      ['a variable that something else sets too', 'map $host $choice { default old; }', 'set $choice $arg_to;'],
    ])('refuses %s', (_what, map, extra) => {
      expect(boundsOf(choosing(map, extra))).toEqual(refused);
    });

    it('sees a circle through it', () => {
      const [problem] = boundsOf(
        http(
          'upstream self { server 127.0.0.1:28151; }',
          'map $host $choice { default self; }',
          'server { listen 127.0.0.1:28151; location / { proxy_pass http://$choice; } }',
        ),
      );
      expect(problem).toBe('3: 127.0.0.1:28151 is this balancer itself: requests would go round in a circle.');
    });
  });

  it.each(['/etc', '../other', 'www/../..'])('files below %s, which is not in the lab', (root) => {
    expect(boundsOf(http('server { listen 127.0.0.1:28151; location /static/ {', `root ${root};`, '} }'))).toEqual([
      `3: ${root} is outside the lab: its files are in its own folder.`,
    ]);
  });

  it('takes files of its own', () => {
    expect(boundsOf(http('server { listen 127.0.0.1:28151; location / { root www; } }'))).toEqual([]);
  });
});
