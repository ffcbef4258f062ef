import { createTheme, DEFAULT_THEME, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';
import classes from './theme.module.css';

// One calm blue for what can be acted on; colour otherwise only tells a state.
const ochno: MantineColorsTuple = [
  '#eef4ff',
  '#dde7fa',
  '#b9ccf1',
  '#93b0e8',
  '#7298e0',
  '#5d88dc',
  '#4a79d3',
  '#2f62c0',
  '#2257b0',
  '#11489a',
];

const slate: MantineColorsTuple = [
  '#e9ecf1',
  '#c5cbd5',
  '#a3acba',
  '#7b8594',
  '#4a5361',
  '#38404d',
  '#2a313c',
  '#1d232c',
  '#171c23',
  '#11151b',
];

// Mantine's own colours with a darker last shade: it is the text on light badges, and must reach 4.5:1.
const teal = withDarkText(DEFAULT_THEME.colors.teal, '#05634a');
const orange = withDarkText(DEFAULT_THEME.colors.orange, '#963a06');
const red = withDarkText(DEFAULT_THEME.colors.red, '#b02020');

function withDarkText(shades: MantineColorsTuple, text: string): MantineColorsTuple {
  const [s0, s1, s2, s3, s4, s5, s6, s7, s8] = shades;
  return [s0, s1, s2, s3, s4, s5, s6, s7, s8, text];
}

const fonts = "'Golos Text Variable', system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

/** The one theme of the application; staff pages use it as it is. */
export const theme = createTheme({
  colors: { ochno, dark: slate, teal, orange, red },
  primaryColor: 'ochno',
  primaryShade: { light: 7, dark: 7 },
  autoContrast: true,
  luminanceThreshold: 0.35,
  fontFamily: fonts,
  fontFamilyMonospace: "ui-monospace, 'SFMono-Regular', 'Cascadia Mono', 'DejaVu Sans Mono', monospace",
  headings: {
    fontFamily: fonts,
    fontWeight: '650',
    sizes: {
      h1: { fontSize: '2rem', lineHeight: '1.2' },
      h2: { fontSize: '1.5rem', lineHeight: '1.25' },
      h3: { fontSize: '1.2rem', lineHeight: '1.3' },
      h4: { fontSize: '1.05rem', lineHeight: '1.35' },
    },
  },
  defaultRadius: 'md',
  radius: { xs: '4px', sm: '6px', md: '10px', lg: '16px', xl: '24px' },
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  components: {
    Card: { defaultProps: { withBorder: true, padding: 'lg', radius: 'lg' } },
    Alert: { defaultProps: { radius: 'md' }, classNames: { root: classes.alert, title: classes.alertTitle } },
    Badge: { defaultProps: { radius: 'sm', tt: 'none', fw: 550 } },
    // A long label, as Russian ones are, goes on in a second line and is never cut.
    Button: { classNames: { root: classes.button, inner: classes.buttonInner, label: classes.buttonLabel } },
    // Its first item takes the focus: an element of no role within a menu is not allowed.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    Drawer: { classNames: { title: classes.modalTitle } },
    Tooltip: { defaultProps: { withArrow: true, openDelay: 300 } },
    Notification: { classNames: { description: classes.notice } },
    // A header of a dialog is no banner of the page.
    ModalHeader: { defaultProps: { role: 'presentation' } },
    DrawerHeader: { defaultProps: { role: 'presentation' } },
    Modal: { defaultProps: { centered: true, radius: 'lg', overlayProps: { backgroundOpacity: 0.5 } }, classNames: { title: classes.modalTitle } },
  },
});

/** What the student sees is larger: it is read in a hurry, at an arm's length. */
export const studentTheme = createTheme({
  components: {
    Text: { defaultProps: { size: 'lg' } },
    Button: { defaultProps: { size: 'lg' } },
    Checkbox: { defaultProps: { size: 'lg' } },
    Select: { defaultProps: { size: 'md' } },
    List: { defaultProps: { size: 'lg', spacing: 'xs' } },
  },
});

/** Text of the second rank stays above 4.5:1 on both backgrounds. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#5a6472',
    '--mantine-color-text': '#1b222c',
    '--mantine-color-placeholder': '#626c79',
    '--ochno-canvas': '#f4f6f9',
    '--ochno-line': '#dfe4ea',
  },
  dark: {
    '--mantine-color-dimmed': '#a3acba',
    '--mantine-color-body': '#1d232c',
    '--mantine-color-placeholder': '#98a2b0',
    '--ochno-canvas': '#14181f',
    '--ochno-line': '#38404d',
  },
});
