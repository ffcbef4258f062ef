export default function ExamsPage() {
  return null;
}
