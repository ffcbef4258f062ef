import { lazy, Suspense } from 'react';
import { Route, Routes } from 'react-router';
import { LoadingView } from './shell/LoadingView';
import { NotFoundPage } from './shell/NotFoundPage';
import { StudentLayout } from './shell/StudentLayout';

// A chunk per task: a student never loads the proctor's code.
const StaffLayout = lazy(() => import('./shell/StaffLayout'));
const HomePage = lazy(() => import('./home/HomePage'));
const SignInPage = lazy(() => import('./arrival/SignInPage'));
const SignedInPage = lazy(() => import('./shell/SignedInPage'));
const ChoosePage = lazy(() => import('./arrival/ChoosePage'));
const RequestPage = lazy(() => import('./arrival/RequestPage'));
const RequestsPage = lazy(() => import('./requests/RequestsPage'));
const RequestDetailPage = lazy(() => import('./requests/RequestDetailPage'));
const JoinPage = lazy(() => import('./join/JoinPage'));
const PhonePage = lazy(() => import('./phone/PhonePage'));
const ReturnedPage = lazy(() => import('./join/ReturnedPage'));
const ExamsPage = lazy(() => import('./wall/ExamsPage'));
const RoomPage = lazy(() => import('./wall/RoomPage'));
const ReviewPage = lazy(() => import('./review/ReviewPage'));
const LoginPage = lazy(() => import('./people/LoginPage'));
const AccountPage = lazy(() => import('./people/AccountPage'));
const SystemPage = lazy(() => import('./system/SystemPage'));
const AuditPage = lazy(() => import('./system/AuditPage'));
const OrganisationsPage = lazy(() => import('./people/OrganisationsPage'));
const PeoplePage = lazy(() => import('./people/PeoplePage'));
const RosterExamsPage = lazy(() => import('./exam/RosterExamsPage'));
const RosterPage = lazy(() => import('./exam/RosterPage'));
const ExamFormPage = lazy(() => import('./exam/ExamFormPage'));
const ReadyPage = lazy(() => import('./exam/ReadyPage'));
const RosterUploadPage = lazy(() => import('./exam/RosterUploadPage'));
const ConsentsPage = lazy(() => import('./consent/ConsentsPage'));
const GuardianPage = lazy(() => import('./consent/GuardianPage'));
const ConsentTextsPage = lazy(() => import('./consent/ConsentTextsPage'));
const GuardianClaimsPage = lazy(() => import('./consent/GuardianClaimsPage'));
const RetentionPage = lazy(() => import('./retention/RetentionPage'));
const MyFilePage = lazy(() => import('./myfile/MyFilePage'));
const AppealsPage = lazy(() => import('./appeals/AppealsPage'));
const AppealPage = lazy(() => import('./appeals/AppealPage'));
const RegisterPage = lazy(() => import('./register/RegisterPage'));
const LogPage = lazy(() => import('./log/LogPage'));

/** Which page is where. */
export function AppRoutes() {
  return (
    <Suspense fallback={<LoadingView />}>
      <Routes>
        <Route element={<StudentLayout />}>
          <Route index element={<HomePage />} />
          <Route path="sign-in" element={<SignInPage />} />
          <Route path="signed-in" element={<SignedInPage />} />
          <Route path="choose" element={<ChoosePage />} />
          <Route path="request" element={<RequestPage />} />
          <Route path="login" element={<LoginPage />} />
          <Route path="ready/:code" element={<ReadyPage />} />
          <Route path="account" element={<AccountPage />} />
          <Route path="consents" element={<ConsentsPage />} />
          <Route path="my-file" element={<MyFilePage />} />
          <Route path="guardian" element={<GuardianPage />} />
          <Route path="e/:code" element={<JoinPage />} />
          <Route path="e/:code/returned" element={<ReturnedPage />} />
          <Route path="phone" element={<PhonePage />} />
          <Route path="*" element={<NotFoundPage />} />
        </Route>
        <Route element={<StaffLayout roles={['proctor']} />}>
          <Route path="proctor" element={<ExamsPage />} />
          <Route path="proctor/exams/:id" element={<RoomPage />} />
        </Route>
        <Route element={<StaffLayout roles={['proctor', 'registrar']} />}>
          <Route path="proctor/attempts/:id" element={<ReviewPage />} />
        </Route>
        <Route element={<StaffLayout roles={['registrar', 'administrator']} />}>
          <Route path="requests" element={<RequestsPage />} />
          <Route path="requests/:id" element={<RequestDetailPage />} />
          <Route path="consent-texts" element={<ConsentTextsPage />} />
          <Route path="guardian-claims" element={<GuardianClaimsPage />} />
          <Route path="retention" element={<RetentionPage />} />
          <Route path="exams/new" element={<ExamFormPage />} />
          <Route path="exams/:id" element={<ExamFormPage />} />
          <Route path="rosters" element={<RosterExamsPage />} />
          <Route path="rosters/:id" element={<RosterPage />} />
          <Route path="rosters/:id/upload" element={<RosterUploadPage />} />
        </Route>
        <Route element={<StaffLayout roles={['administrator']} />}>
          <Route path="people" element={<PeoplePage />} />
          <Route path="organisations" element={<OrganisationsPage />} />
          <Route path="system" element={<SystemPage />} />
          <Route path="audit" element={<AuditPage />} />
        </Route>
        <Route element={<StaffLayout roles={['registrar']} />}>
          <Route path="log" element={<LogPage />} />
          <Route path="consent-register" element={<RegisterPage />} />
          <Route path="appeals" element={<AppealsPage />} />
          <Route path="appeals/:id" element={<AppealPage />} />
        </Route>
      </Routes>
    </Suspense>
  );
}
