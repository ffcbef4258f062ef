import { Component, type ReactNode } from 'react';
import { CrashView } from './CrashView';

interface Props {
  children: ReactNode;
}
interface State {
  failed: boolean;
}

/** Keeps a fault of one page from leaving an empty window. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { failed: false };

  static getDerivedStateFromError(): State {
    return { failed: true };
  }

  override render(): ReactNode {
    return this.state.failed ? <CrashView /> : this.props.children;
  }
}
