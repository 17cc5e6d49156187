<?php
// Première page d’un site PHP : elle montre index.html. Remplacez ce fichier par le programme du site.
// Le serveur appelle aussi ce fichier pour les adresses qui ne correspondent à aucun autre.
declare(strict_types=1);

header('Content-Type: text/html; charset=utf-8');
$path = parse_url($_SERVER['REQUEST_URI'] ?? '/', PHP_URL_PATH);
if (in_array($path, ['/', '/index.php'], true) && is_readable(__DIR__ . '/index.html')) {
    readfile(__DIR__ . '/index.html');
    exit;
}
http_response_code(404);
echo '<!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>Page introuvable</title></head>',
    '<body><main><h1>Page introuvable</h1><p>La page que vous cherchez n’existe pas, ou n’existe plus.</p>',
    '<p><a href="/">Revenir à l’accueil</a></p></main></body></html>', "\n";
