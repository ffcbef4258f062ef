import { useEffect } from 'react';
import { useLocation } from 'react-router';

/** A new page begins at its top; the browser knows only of whole page loads. */
export function ScrollToTop() {
  const { pathname } = useLocation();
  useEffect(() => {
    // Browsers begin to answer with a promise, which is no clean-up for an effect.
    window.scrollTo(0, 0);
  }, [pathname]);
  return null;
}
