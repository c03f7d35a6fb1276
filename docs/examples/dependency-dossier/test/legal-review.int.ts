import { expect } from 'chai';
import { describe, it } from 'mocha';
import { legalReview } from '../src/agents/legal-review.ts';
import { call, folderWith } from './support.ts';

describe('legal review', () => {
  it('groups packages by rule, most pressing first, and names the file to read', async () => {
    const { folder, remove } = await folderWith({
      'node_modules/none/package.json': '{}',
      'node_modules/odd/LICENSE.txt': 'Ask us.',
      'node_modules/odd/LICENSE-THIRD-PARTY.txt': 'Others.',
      'node_modules/odd/license.js': 'code',
      'node_modules/doc/README.md': 'See below.',
      'node_modules/doc/package.json': '{}',
    });
    try {
      const unknown = { licence: null, class: 'unknown', installed: true };
      const { groups } = await call(legalReview, {
        folder,
        review: [
          { ...unknown, path: 'node_modules/doc' },
          { path: 'node_modules/gpl', licence: 'GPL-3.0-only', class: 'strong-copyleft', installed: true },
          { path: 'node_modules/lgpl', licence: 'LGPL-3.0-only', class: 'weak-copyleft', installed: true },
          { path: 'node_modules/tool', licence: 'GPL-3.0-only', class: 'strong-copyleft', dev: true, installed: true },
          { ...unknown, path: 'node_modules/none' },
          { ...unknown, path: 'node_modules/odd' },
          { ...unknown, path: 'node_modules/other', installed: false },
        ],
      });
      expect(groups.map(({ rule, packages }) => [rule, packages])).to.deep.equal([
        ['strong-copyleft', [{ path: 'node_modules/gpl' }]],
        [
          'unknown-licence',
          [
            { path: 'node_modules/doc', read: 'README.md' },
            { path: 'node_modules/none', read: 'package.json' },
            { path: 'node_modules/odd', read: 'LICENSE.txt' },
          ],
        ],
        ['library-copyleft', [{ path: 'node_modules/lgpl' }]],
        ['dev-only-copyleft', [{ path: 'node_modules/tool' }]],
        ['not-installed', [{ path: 'node_modules/other' }]],
      ]);
      for (const { obligations, recommendation } of groups)
        expect(`${obligations}${recommendation}`).to.have.length.above(40);
    } finally {
      await remove();
    }
  });
});
