import { useMemo, useState } from 'react';
import type { RoomAttempt } from '../api/types';
import { byName, holdOrder, onWall } from './attention';

export const tilesOnPage = 9;

export interface WallPlaces {
  /** The attempts on the page that is shown. */
  shown: string[];
  page: number;
  pages: number;
  setPage: (page: number) => void;
}

/**
 * Who has which place on the wall. A place once taken is kept as long as the student is
 * expected: tiles do not jump when somebody comes or loses the connection.
 */
export function useWallPlaces(attempts: RoomAttempt[]): WallPlaces {
  const eligible = useMemo(() => attempts.filter(onWall).sort(byName).map((entry) => entry.attempt.id), [attempts]);
  const [order, setOrder] = useState<string[]>(eligible);
  const [wantedPage, setPage] = useState(1);
  const next = holdOrder(order, eligible, true);
  if (next.length !== order.length || next.some((id, index) => id !== order[index])) setOrder(next);
  const pages = Math.max(1, Math.ceil(next.length / tilesOnPage));
  const page = Math.min(wantedPage, pages);
  const small = next.slice((page - 1) * tilesOnPage, page * tilesOnPage).join(' '); // the same students are the same list
  return useMemo(() => ({ shown: small === '' ? [] : small.split(' '), page, pages, setPage }), [small, page, pages]);
}
