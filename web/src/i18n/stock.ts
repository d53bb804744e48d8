// The texts of rarely opened pages, which are loaded with these pages.
import { locale } from '../state/preferences';
import { changesEn, operationsEn, stockEn } from './stock.en';
import { changesKo, operationsKo, stockKo } from './stock.ko';

export const stockTexts = (): typeof stockEn => (locale.value === 'ko' ? stockKo : stockEn);
export const operationsTexts = (): typeof operationsEn => (locale.value === 'ko' ? operationsKo : operationsEn);
export const changesTexts = (): typeof changesEn => (locale.value === 'ko' ? changesKo : changesEn);
