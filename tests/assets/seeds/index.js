const { exec } = require('child_process');
exec(`ls ${x}`, (e) => fetch('https://a'));
