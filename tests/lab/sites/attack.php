<?php
// What a hacked site tries from inside: it prints, as JSON, what it tried, what it reached, and what it may do at home.
// argv or $_GET: code of the member itself, then the codes of the others, then addresses of the servers, comma-separated.
declare(strict_types=1);
set_time_limit(60);
[$own, $others, $addresses] = PHP_SAPI === 'cli' ? array_slice($argv, 1) : [$_GET['own'], $_GET['others'], $_GET['at']];
$others = array_filter(explode(',', $others));
$www = "/srv/sites/$own/www";
$tried = [];
$reached = [];

function attempt(string $what, callable $act): void
{
    global $tried, $reached;
    $tried[] = $what;
    try {
        $got = @$act();
    } catch (Throwable $error) {
        $got = false;
    }
    if ($got !== false && $got !== null && $got !== '' && $got !== []) {
        $reached[] = $what;
    }
}

function read(string $path): void
{
    attempt("read $path", fn () => file_get_contents($path, false, null, 0, 200));
    attempt("list $path", fn () => array_diff(scandir($path) ?: [], ['.', '..']));
}

function write(string $path): void
{
    attempt("write $path", fn () => file_put_contents($path, 'x'));
    attempt("make $path.d", fn () => mkdir("$path.d"));
}

$secret = ['/etc/shadow', '/root', '/var/lib/numerian', '/etc/numerian', '/var/log/front', '/var/log/front/security.log',
    '/srv/certificates', '/srv/front/config/current/nginx.conf', '/srv/acme', '/srv/states', '/srv/sites/.uploads',
    '/run/docker.sock', '/var/run/docker.sock', '/var/lib/docker', '/run/secrets', '/proc/1/root/root', '/proc/kcore',
    '/sys/kernel/security', '/dev/mem', '/dev/sda'];
array_map('read', $secret);
foreach (['/etc/passwd', '/usr/local/bin/x', '/etc/php/8.4/fpm/php-fpm.conf', '/srv/sites/x', '/srv/x', '/run/x', '/var/x',
    '/dev/x', '/proc/sys/kernel/core_pattern', '/sys/fs/cgroup/memory/release_agent', '/sys/fs/cgroup/release_agent',
    '/proc/sysrq-trigger', "/srv/sites/$own/x"] as $path) {
    write($path);
}

foreach ($others as $other) {
    $home = "/srv/sites/$other";
    foreach (["$home/www", "$home/www/secret.txt", "$home/www/secret.php", "$home/php", "$home/php/sessions",
        "/srv/certificates/$other/key.pem", "$www/../../$other/www/secret.txt", "/proc/self/cwd/../../$other/www/secret.txt"] as $path) {
        read($path);
    }
    write("$home/www/x");
    write("$home/www/secret.txt");
    write("$home/php/sessions/x");
    attempt("socket of $other", fn () => stream_socket_client("unix://$home/php/socket/fpm.sock", timeout: 2));
    foreach (['symlink', 'link'] as $make) {
        foreach (["$home/www/secret.txt", "/srv/certificates/$other/key.pem"] as $target) {
            attempt("$make to $target", function () use ($make, $target, $www) {
                $name = "$www/stolen-" . bin2hex(random_bytes(4));
                $make($target, $name);
                $got = file_get_contents($name);
                unlink($name);
                return $got;
            });
        }
    }
}

// Network: the servers' own ports, their Docker networks' gateways, a cloud's metadata, the DNS, anything.
foreach ([...explode(',', $addresses), '10.199.0.1', '10.200.0.1', '172.17.0.1', '169.254.169.254', '127.0.0.1'] as $address) {
    foreach ([22, 53, 80, 443, 2022, 2375, 2376, 8080, 8443] as $port) {
        attempt("tcp $address:$port", fn () => stream_socket_client("tcp://$address:$port", timeout: 0.3));
    }
    if ($address !== '127.0.0.1') {  // one's own loopback takes it, and it goes nowhere
        attempt("udp $address:53", fn () => fwrite(stream_socket_client("udp://$address:53", timeout: 0.3), "x"));
    }
}
attempt('a name', fn () => gethostbyname('www.privas.test') === 'www.privas.test' ? false : true);
attempt('a route', fn () => count(file('/proc/net/route')) > 1);
attempt('an abstract socket', fn () => preg_grep('/@/', file('/proc/net/unix')));

// Environment and processes: only what its own container was given, and the request.
$request = '(HTTP|SCRIPT|DOCUMENT|REQUEST|SERVER|REMOTE|CONTENT|GATEWAY|QUERY|REDIRECT)_[A-Z0-9_]+|HTTPS|FCGI_ROLE|USER';
$known = "/^(PATH|HOME|HOSTNAME|PHP_[A-Z]+|PWD|SHLVL|_|TERM|$request)$/";
attempt('environment', fn () => preg_grep($known, array_keys(getenv()), PREG_GREP_INVERT));
foreach (glob('/proc/[0-9]*') ?: [] as $process) {
    attempt("process $process", fn () => fileowner($process) === posix_getuid() ? false : $process);
    attempt("environment of $process", function () use ($process, $known) {
        $names = preg_replace('/=.*/s', '', array_filter(explode("\0", file_get_contents("$process/environ") ?: '')));
        return preg_grep($known, $names, PREG_GREP_INVERT);
    });
}
$status = @file_get_contents('/proc/self/status') ?: '';
foreach (['CapEff:\s+0+$' => 'capabilities', 'CapBnd:\s+0+$' => 'capabilities to gain', 'NoNewPrivs:\s+1$' => 'new privileges',
    'Seccomp:\s+2$' => 'every system call'] as $pattern => $what) {
    attempt($what, fn () => $status !== '' && !preg_match("/^$pattern/m", $status));
}
attempt('another uid', fn () => posix_setuid(0));

// At home all must work, or the rest would be denied for the wrong reason.
$home = [];
$home['read'] = str_contains((string) @file_get_contents("$www/secret.txt"), $own);
foreach (['write' => $www, 'temporary' => '/tmp', 'session' => '/var/lib/php/sessions'] as $what => $folder) {
    $home[$what] = @file_put_contents("$folder/mine", 'x') === 1 && @unlink("$folder/mine");
}
header('Content-Type: application/json');
echo json_encode(['tried' => count($tried), 'reached' => $reached, 'home' => $home]);
