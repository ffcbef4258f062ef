import '@mantine/notifications/styles.css';
import { lazy, Suspense } from 'react';
import { Outlet } from 'react-router';
import type { Role } from '../api/types';
import { Header } from './Header';
import { LoadingView } from './LoadingView';
import { NoticesBanner } from './NoticesBanner';
import { RequireRole } from './RequireRole';
import { StaffNav } from './StaffNav';

// Toasts are for staff only; students get their messages in place.
const Notifications = lazy(async () => ({ default: (await import('@mantine/notifications')).Notifications }));

/** The frame of the pages for staff: the sections on top, then the page, for those who may. */
export default function StaffLayout({ roles }: { roles: Role[] }) {
  return (
    <>
      <Header>
        <StaffNav />
      </Header>
      <main id="main" tabIndex={-1}>
        <RequireRole roles={roles}>
          <NoticesBanner />
          <Suspense fallback={<LoadingView />}>
            <Notifications position="bottom-left" />
            <Outlet />
          </Suspense>
        </RequireRole>
      </main>
    </>
  );
}
