import fs from 'fs';
export const f = (a: string): void => fs.readFileSync(a);
