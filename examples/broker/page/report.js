// The findings as JSON, with the usernames and times to look for in the TURN server's log.

export function newReport(servers) {
  const usernames = new Set(servers.map(({ username }) => username).filter(Boolean));
  const report = {
    started: new Date().toISOString(),
    browser: navigator.userAgent,
    page: location.origin,
    usernames: [...usernames],
  };
  return {
    finish(verdict, results) {
      Object.assign(report, { ended: new Date().toISOString(), verdict });
      report.servers = results.map(({ url, label, verdict, words, direct, relayed }) => ({
        url,
        verdict: label ?? verdict,
        words,
        toPeer: direct,
        betweenRelays: relayed,
      }));
    },
    text: () => JSON.stringify(report, null, 2),
  };
}
