package proctor

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"ochno/ebsclient"
	"ochno/proctor/keyring"
)

// Config is everything a service is told. Secrets stand in files, named here. Settings lists what each field means and its variable.
type Config struct {
	Listen    string
	NodeURL   string
	Metrics   string
	PublicURL *url.URL
	Proxies   []netip.Prefix
	Frames    []string

	SessionIdle     time.Duration
	SessionLifetime time.Duration

	Database string

	MinioEndpoint      string
	MinioAccessKey     string
	MinioSecretKeyFile string
	MinioTLS           bool
	MinioBucket        string

	MasterKeyFile     string
	MasterKeyCommand  []string
	MasterKeyValue    string
	MasterKeyOldFiles []string

	LogKeyFile string

	LogWitnesses      []string
	LogWitnessKeys    []string
	LogCMSCertificate string
	LogCMSKeyFile     string

	SpoolReserveGiB int
	Spool           string
	MediaUDP        string
	MediaTCP        string
	MediaPublicIPs  []string

	TURNListen     string
	TURNPublicIP   string
	TURNRealm      string
	TURNURLs       []string
	TURNSecretFile string

	SignIn string

	ESIAURL             string
	ESIAClientID        string
	ESIAScopes          []string
	ESIAParentScopes    []string
	ESIAKeyFile         string
	ESIACertificate     string
	ESIACertificateHash string
	ESIATokenCerts      []string
	ESIAGeneration      string
	ESIASignCommand     []string
	ESIAVerifyCommand   []string
	OpenSSL             string

	OIDCIssuer        string
	OIDCClientID      string
	OIDCSecretFile    string
	OIDCScopes        []string
	OIDCLevel         string
	OIDCLevelClaim    string
	OIDCSubjectPrefix string

	EBSURL       string
	EBSSystem    string
	EBSTokenFile string
	EBSIssuer    string
	EBSKeysURL   string
	EBSKeysFile  string
	EBSClaims    ebsclient.ClaimNames
	EBSStand     bool
	EBSPerSecond int

	EBSCertificateFile string
	EBSKeyFile         string
	EBSRootsFile       string

	EBSPage      string
	EBSPageURL   string
	EBSPageHosts []string
	EBSLaunch    string

	SMTPAddress      string
	SMTPFrom         string
	SMTPSecurity     string
	SMTPUsername     string
	SMTPPasswordFile string

	FaceCascade  string
	EyeCascade   string
	FaceModel    string
	QualityModel string
}

// Setting is one environment variable of the service.
type Setting struct {
	Name     string
	Default  string // empty and Required: there is no default
	Required bool
	Help     string
	set      func(c *Config, value string) error
}

// Settings are all of them, in the order in which the README lists them.
func Settings() []Setting {
	return []Setting{
		{"OCHNO_LISTEN", "127.0.0.1:8080", false, "address of the HTTP server; TLS is a reverse proxy's", text(func(c *Config) *string { return &c.Listen })},
		{"OCHNO_NODE_URL", "", false, "where the other nodes reach this one's OCHNO_LISTEN, such as http://10.0.0.7:8080; empty: this is the only node", setNodeURL},
		{"OCHNO_METRICS", "", false, "host:port where Prometheus finds `/metrics`, without a sign-in: an address that only the operator reaches, such as 127.0.0.1:9464; empty: nowhere", text(func(c *Config) *string { return &c.Metrics })},
		{"OCHNO_PUBLIC_URL", "", true, "where browsers find the service, with a path when it lives under one; https makes cookies Secure", setPublicURL},
		{"OCHNO_FRAMES", "", false, "origins of learning systems whose pages an exam may show within ours, such as https://lms.example, separated by commas", setFrames},
		{"OCHNO_PROXIES", "127.0.0.0/8,::1/128", false, "networks of the reverse proxies whose X-Forwarded-For is believed, separated by commas", setProxies},
		{"OCHNO_SESSION_IDLE", "4h", false, "a session that is not used so long ends", duration(func(c *Config) *time.Duration { return &c.SessionIdle })},
		{"OCHNO_SESSION_LIFETIME", "12h", false, "every session ends after so long", duration(func(c *Config) *time.Duration { return &c.SessionLifetime })},
		{"OCHNO_DATABASE", "", true, "PostgreSQL's connection string", text(func(c *Config) *string { return &c.Database })},
		{"OCHNO_MINIO_ENDPOINT", "", true, "host:port of MinIO or another S3 store", text(func(c *Config) *string { return &c.MinioEndpoint })},
		{"OCHNO_MINIO_ACCESS_KEY", "", true, "the access key there", text(func(c *Config) *string { return &c.MinioAccessKey })},
		{"OCHNO_MINIO_SECRET_KEY_FILE", "", true, "a file with the secret key", text(func(c *Config) *string { return &c.MinioSecretKeyFile })},
		{"OCHNO_MINIO_TLS", "true", false, "talk to MinIO over TLS", boolean(func(c *Config) *bool { return &c.MinioTLS })},
		{"OCHNO_MINIO_BUCKET", "ochno", false, "bucket for recordings and verdicts; made when absent", text(func(c *Config) *string { return &c.MinioBucket })},
		{"OCHNO_MASTER_KEY_FILE", "", false, "64 hexadecimal digits, mode 600; `ochno keys` makes it. Without it nothing stored can be read", text(func(c *Config) *string { return &c.MasterKeyFile })},
		{"OCHNO_MASTER_KEY_COMMAND", "", false, "instead of the file: a command that prints the 64 digits, such as the agent of an HSM or a KMS", words(func(c *Config) *[]string { return &c.MasterKeyCommand })},
		{"OCHNO_MASTER_KEY", "", false, "instead of the file: the 64 digits themselves", text(func(c *Config) *string { return &c.MasterKeyValue })},
		{"OCHNO_MASTER_KEY_OLD_FILES", "", false, "files of master keys that only open what they sealed, separated by commas; `ochno keys rotate-master` says when they are not needed any more", list(func(c *Config) *[]string { return &c.MasterKeyOldFiles })},
		{"OCHNO_LOG_KEY_FILE", "", true, "the Ed25519 key that signs the log's checkpoints; `ochno keys` makes it", text(func(c *Config) *string { return &c.LogKeyFile })},
		{"OCHNO_LOG_WITNESSES", "", false, "where the log's checkpoints are sent each hour and after each exam, separated by commas: `mailto:ADDRESS`, `https://…` of a C2SP witness, `bucket:NAME`", list(func(c *Config) *[]string { return &c.LogWitnesses })},
		{"OCHNO_LOG_WITNESS_KEYS", "", false, "the witnesses' public keys, separated by commas; with any, a witness's answer must be signed by one of them", list(func(c *Config) *[]string { return &c.LogWitnessKeys })},
		{"OCHNO_LOG_CMS_CERTIFICATE_FILE", "", false, "a GOST certificate (PEM): checkpoints that leave the house also get a detached CMS signature", text(func(c *Config) *string { return &c.LogCMSCertificate })},
		{"OCHNO_LOG_CMS_KEY_FILE", "", false, "its key (PEM)", text(func(c *Config) *string { return &c.LogCMSKeyFile })},
		{"OCHNO_SPOOL", "/var/lib/ochno/spool", false, "folder where recordings wait for MinIO; on a disk that survives a restart", text(func(c *Config) *string { return &c.Spool })},
		{"OCHNO_SPOOL_RESERVE_GIB", "5", false, "when less room than this is left on its disk, the service says so loudly: in its log, the metrics, /healthz and a banner for staff", number(func(c *Config) *int { return &c.SpoolReserveGiB }, 1<<30)},
		{"OCHNO_MEDIA_UDP", "0.0.0.0:7000", false, "the one UDP address for all media", text(func(c *Config) *string { return &c.MediaUDP })},
		{"OCHNO_MEDIA_TCP", "", false, "the one address for media over TCP, for networks that let no UDP out; by default that of OCHNO_MEDIA_UDP, `off` for none", text(func(c *Config) *string { return &c.MediaTCP })},
		{"OCHNO_MEDIA_PUBLIC_IPS", "", false, "addresses to offer instead of the local ones behind a 1:1 NAT, separated by commas", list(func(c *Config) *[]string { return &c.MediaPublicIPs })},
		{"OCHNO_TURN_LISTEN", "", false, "host:port (UDP and TCP) of a TURN server of the service's own, which relays to its media alone; empty: none", text(func(c *Config) *string { return &c.TURNListen })},
		{"OCHNO_TURN_PUBLIC_IP", "", false, "the address by which browsers reach it; by default its own, or the first of OCHNO_MEDIA_PUBLIC_IPS", text(func(c *Config) *string { return &c.TURNPublicIP })},
		{"OCHNO_TURN_REALM", "ochno", false, "its realm", text(func(c *Config) *string { return &c.TURNRealm })},
		{"OCHNO_TURN_URLS", "", false, "TURN servers beside it, such as coturn: `turn:HOST:PORT?transport=udp`, `turns:…`, separated by commas; they need OCHNO_TURN_SECRET_FILE", list(func(c *Config) *[]string { return &c.TURNURLs })},
		{"OCHNO_TURN_SECRET_FILE", "", false, "a file with the secret that signs TURN credentials (coturn's static-auth-secret); by default a new one with each start", text(func(c *Config) *string { return &c.TURNSecretFile })},
		{"OCHNO_SIGN_IN", signInESIA, false, "who signs people in: `esia`, or `oidc` for a certified gateway or the university's own sign-on; the variables of the other are not needed", setSignIn},
		{"OCHNO_ESIA_URL", "https://esia.gosuslugi.ru", false, "ESIA, its test contour, or the stand", text(func(c *Config) *string { return &c.ESIAURL })},
		{"OCHNO_ESIA_CLIENT_ID", "", true, "the mnemonic under which the system is registered", text(func(c *Config) *string { return &c.ESIAClientID })},
		{"OCHNO_ESIA_KEY_FILE", "", true, "the system's GOST key (PEM), for signing requests", text(func(c *Config) *string { return &c.ESIAKeyFile })},
		{"OCHNO_ESIA_CERTIFICATE_FILE", "", true, "the system's certificate (PEM), as registered with ESIA", text(func(c *Config) *string { return &c.ESIACertificate })},
		{"OCHNO_ESIA_CERTIFICATE_HASH", "", false, "its Streebog-256 in hexadecimal, as ESIA's utility prints it; by default OCHNO_OPENSSL computes it", text(func(c *Config) *string { return &c.ESIACertificateHash })},
		{"OCHNO_ESIA_TOKEN_CERTIFICATES", "", true, "files or folders with ESIA's certificates, separated by commas; reread when they change", list(func(c *Config) *[]string { return &c.ESIATokenCerts })},
		{"OCHNO_ESIA_GENERATION", "v2", false, "v2 (raw GOST signature) or v1 (detached CMS, being retired)", text(func(c *Config) *string { return &c.ESIAGeneration })},
		{"OCHNO_ESIA_SIGN_COMMAND", "", false, "another program that signs, with its arguments: the text on stdin, the bare signature on stdout", words(func(c *Config) *[]string { return &c.ESIASignCommand })},
		{"OCHNO_ESIA_VERIFY_COMMAND", "", false, "another program that verifies GOST: the text on stdin, `{certificate}` and `{signature}` among its arguments; ends with 0 or 1", words(func(c *Config) *[]string { return &c.ESIAVerifyCommand })},
		{"OCHNO_ESIA_SCOPES", "openid,fullname,birthdate,snils,id_doc", false, "the data asked of ESIA, as the registration grants them; id_doc serves to find people without a SNILS, usr_org to give roles by access groups", list(func(c *Config) *[]string { return &c.ESIAScopes })},
		{"OCHNO_ESIA_PARENT_SCOPES", "kid_fullname,kid_birthdate,kid_snils", false, "what is asked beside that when a parent signs in for a minor, as the registration grants it", list(func(c *Config) *[]string { return &c.ESIAParentScopes })},
		{"OCHNO_OPENSSL", "openssl", false, "the program that signs with GOST; OpenSSL with the GOST engine or a certified replacement of the same arguments", text(func(c *Config) *string { return &c.OpenSSL })},
		{"OCHNO_OIDC_ISSUER", "", true, "the sign-on's address, exactly as it writes it; with OCHNO_SIGN_IN=oidc only, like those below", text(func(c *Config) *string { return &c.OIDCIssuer })},
		{"OCHNO_OIDC_CLIENT_ID", "", true, "the name under which the system is registered there", text(func(c *Config) *string { return &c.OIDCClientID })},
		{"OCHNO_OIDC_SECRET_FILE", "", false, "a file with the client's secret; without it PKCE alone protects", text(func(c *Config) *string { return &c.OIDCSecretFile })},
		{"OCHNO_OIDC_SCOPES", "openid profile", false, "what to ask for, separated by spaces", words(func(c *Config) *[]string { return &c.OIDCScopes })},
		{"OCHNO_OIDC_LEVEL", "simplified", false, "level of accounts of which the sign-on says none: `simplified` admits nobody, `confirmed` where it holds only people the university identified itself", text(func(c *Config) *string { return &c.OIDCLevel })},
		{"OCHNO_OIDC_LEVEL_CLAIM", "", false, "the claim that says the level, a name or a JSON pointer", text(func(c *Config) *string { return &c.OIDCLevelClaim })},
		{"OCHNO_OIDC_SUBJECT_PREFIX", "", false, "put before its subjects so that they are not taken for ESIA's; empty only when they are ESIA's own", text(func(c *Config) *string { return &c.OIDCSubjectPrefix })},
		{"OCHNO_EBS_URL", "", true, "the verifier", text(func(c *Config) *string { return &c.EBSURL })},
		{"OCHNO_EBS_SYSTEM", "", true, "our mnemonic there; the audience of its verdicts", text(func(c *Config) *string { return &c.EBSSystem })},
		{"OCHNO_EBS_TOKEN_FILE", "", true, "a file with the bearer token for the verifier", text(func(c *Config) *string { return &c.EBSTokenFile })},
		{"OCHNO_EBS_ISSUER", "", true, "who must have signed a verdict", text(func(c *Config) *string { return &c.EBSIssuer })},
		{"OCHNO_EBS_KEYS_URL", "", false, "the verifier's public keys (JWKS or PEM)", text(func(c *Config) *string { return &c.EBSKeysURL })},
		{"OCHNO_EBS_KEYS_FILE", "", false, "instead of the address: a file with them (PEM, JWKS), as for GOST keys; read anew when it changes", text(func(c *Config) *string { return &c.EBSKeysFile })},
		{"OCHNO_EBS_CLAIMS", "", false, "names of the claims in its verdicts where they differ, `ours=theirs` separated by commas: session, challenge, result, match, overall, photo, sound, liveness, passed, score, engine", setClaims},
		{"OCHNO_EBS_PER_SECOND", "20", false, "requests to it in a second at most; those beyond wait their turn", number(func(c *Config) *int { return &c.EBSPerSecond }, 10_000)},
		{"OCHNO_EBS_CERTIFICATE_FILE", "", false, "our TLS certificate for it (PEM), where it wants one; read anew when it changes", text(func(c *Config) *string { return &c.EBSCertificateFile })},
		{"OCHNO_EBS_KEY_FILE", "", false, "its key (PEM)", text(func(c *Config) *string { return &c.EBSKeyFile })},
		{"OCHNO_EBS_ROOTS_FILE", "", false, "the authorities that may vouch for the verifier (PEM); by default the system's. With OCHNO_EBS_CERTIFICATE_FILE only", text(func(c *Config) *string { return &c.EBSRootsFile })},
		{"OCHNO_EBS_STAND", "false", false, "the verifier is a stand: allow test algorithms (RS256, ES256)", boolean(func(c *Config) *bool { return &c.EBSStand })},
		{"OCHNO_EBS_PAGE", "", false, "the way to a verifier with a page of its own, for exams whose policy wants it: `web` (EBS's page; needs OCHNO_SIGN_IN=esia) or `adapter` (its application and a secret)", setEBSPage},
		{"OCHNO_EBS_PAGE_URL", "", false, "where it is; by default OCHNO_EBS_URL", text(func(c *Config) *string { return &c.EBSPageURL })},
		{"OCHNO_EBS_PAGE_HOSTS", "", false, "hosts of its page, separated by commas: a browser is sent nowhere else; by default the host of its address", list(func(c *Config) *[]string { return &c.EBSPageHosts })},
		{"OCHNO_EBS_LAUNCH", "ebs://", false, "what an adapter's launch link begins with", text(func(c *Config) *string { return &c.EBSLaunch })},
		{"OCHNO_SMTP_ADDRESS", "", false, "host:port of the mail server; without it letters wait in the queue and /healthz says so", text(func(c *Config) *string { return &c.SMTPAddress })},
		{"OCHNO_SMTP_FROM", "", false, "the sender of letters, `Name <address>`; required with OCHNO_SMTP_ADDRESS", text(func(c *Config) *string { return &c.SMTPFrom })},
		{"OCHNO_SMTP_SECURITY", "starttls", false, "starttls (a server without it gets nothing), tls (from the first byte) or none (for a server on the same machine)", text(func(c *Config) *string { return &c.SMTPSecurity })},
		{"OCHNO_SMTP_USERNAME", "", false, "the name for signing in at the mail server; empty: without signing in", text(func(c *Config) *string { return &c.SMTPUsername })},
		{"OCHNO_SMTP_PASSWORD_FILE", "", false, "a file with the password for it", text(func(c *Config) *string { return &c.SMTPPasswordFile })},
		{"OCHNO_FACE_CASCADE", "", false, "OpenCV's face cascade; by default where the distribution puts it", text(func(c *Config) *string { return &c.FaceCascade })},
		{"OCHNO_EYE_CASCADE", "", false, "OpenCV's eye cascade; likewise", text(func(c *Config) *string { return &c.EyeCascade })},
		{"OCHNO_FACE_MODEL", "", false, "an ONNX file of YuNet (face_detection_yunet_2023mar's layout) that finds faces instead of the cascade", text(func(c *Config) *string { return &c.FaceModel })},
		{"OCHNO_QUALITY_MODEL", "", false, "an ONNX file that gives one number for a face of 112×112 (eDifFIQA's layout), kept in the record as UnifiedQualityScore", text(func(c *Config) *string { return &c.QualityModel })},
	}
}

// ConfigFromEnv reads the settings from the environment (os.Getenv) and tells every fault at once.
func ConfigFromEnv(getenv func(string) string) (Config, error) {
	var c Config
	var faults []error
	for _, s := range Settings() {
		value := getenv(s.Name)
		if value == "" {
			value = s.Default
		}
		if value == "" && s.Required && s.speaksTo(c) {
			faults = append(faults, fmt.Errorf("%s is not set: %s", s.Name, s.Help))
			continue
		}
		if value == "" {
			continue
		}
		if err := s.set(&c, value); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", s.Name, err))
		}
	}
	if c.EBSKeysURL == "" && c.EBSKeysFile == "" {
		faults = append(faults, errors.New("OCHNO_EBS_KEYS_URL is not set: the verifier's public keys; OCHNO_EBS_KEYS_FILE may take its place"))
	}
	if !c.HasMasterKey() {
		faults = append(faults, errors.New("OCHNO_MASTER_KEY_FILE is not set: where the master key is; OCHNO_MASTER_KEY_COMMAND or OCHNO_MASTER_KEY may take its place"))
	}
	return c, errors.Join(faults...)
}

// HasMasterKey tells whether it says where the master key is.
func (c Config) HasMasterKey() bool {
	return c.MasterKeyFile != "" || len(c.MasterKeyCommand) > 0 || c.MasterKeyValue != ""
}

// masterKey is where the master key comes from.
func (c Config) masterKey() keyring.Source {
	return keyring.Source{File: c.MasterKeyFile, Command: c.MasterKeyCommand, Value: c.MasterKeyValue, OldFiles: c.MasterKeyOldFiles}
}

// speaksTo tells whether the setting is one of the sign-in that was chosen; OCHNO_SIGN_IN stands before those that depend on it.
func (s Setting) speaksTo(c Config) bool {
	switch {
	case strings.HasPrefix(s.Name, prefixOf(signInESIA)):
		return c.SignIn != signInOIDC
	case strings.HasPrefix(s.Name, prefixOf(signInOIDC)):
		return c.SignIn == signInOIDC
	}
	return true
}

func text(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, value string) error {
		*field(c) = value
		return nil
	}
}

func boolean(field func(*Config) *bool) func(*Config, string) error {
	return func(c *Config, value string) error {
		v, err := strconv.ParseBool(value)
		if err != nil {
			return errors.New("want true or false")
		}
		*field(c) = v
		return nil
	}
}

func list(field func(*Config) *[]string) func(*Config, string) error {
	return func(c *Config, value string) error {
		for part := range strings.SplitSeq(value, ",") {
			if part = strings.TrimSpace(part); part != "" {
				*field(c) = append(*field(c), part)
			}
		}
		return nil
	}
}

func words(field func(*Config) *[]string) func(*Config, string) error {
	return func(c *Config, value string) error {
		*field(c) = strings.Fields(value)
		return nil
	}
}

func setSignIn(c *Config, value string) error {
	if value != signInESIA && value != signInOIDC {
		return fmt.Errorf("want %s or %s", signInESIA, signInOIDC)
	}
	c.SignIn = value
	return nil
}

// setClaims reads ours=theirs.
func setClaims(c *Config, value string) error {
	names := map[string]*string{
		"session": &c.EBSClaims.Session, "challenge": &c.EBSClaims.Challenge, "result": &c.EBSClaims.Result, "match": &c.EBSClaims.Match,
		"overall": &c.EBSClaims.Overall, "photo": &c.EBSClaims.Photo, "sound": &c.EBSClaims.Sound, "liveness": &c.EBSClaims.Liveness,
		"passed": &c.EBSClaims.Passed, "score": &c.EBSClaims.Score, "engine": &c.EBSClaims.Engine,
	}
	for _, pair := range strings.Split(value, ",") {
		ours, theirs, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if name := names[ours]; ok && name != nil && theirs != "" {
			*name = theirs
			continue
		}
		return fmt.Errorf("%q is not of the form ours=theirs, or not a claim of ours", pair)
	}
	return nil
}

func setEBSPage(c *Config, value string) error {
	if value != pageWeb && value != pageAdapter {
		return fmt.Errorf("want %s or %s", pageWeb, pageAdapter)
	}
	if value == pageWeb && c.SignIn != signInESIA {
		return errors.New("web needs people signed in by ESIA: its page takes their access tokens")
	}
	c.EBSPage = value
	return nil
}

func setPublicURL(c *Config, value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("want http(s)://host[:port][/path]")
	}
	c.PublicURL = u
	return nil
}

func setFrames(c *Config, value string) error {
	for origin := range strings.SplitSeq(value, ",") {
		origin = strings.TrimSuffix(strings.TrimSpace(origin), "/")
		if origin == "" {
			continue
		}
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || u.User != nil || u.Scheme+"://"+u.Host != origin || (u.Scheme != "https" && u.Hostname() != "127.0.0.1" && u.Hostname() != "localhost") || strings.ContainsAny(origin, "; *") {
			return errors.New("want origins such as https://lms.example, separated by commas")
		}
		c.Frames = append(c.Frames, origin)
	}
	return nil
}

// number reads a count from 1 to 10,000.
func number(field func(*Config) *int, most int) func(*Config, string) error {
	return func(c *Config, value string) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > most {
			return fmt.Errorf("want a number from 1 to %d", most)
		}
		*field(c) = n
		return nil
	}
}

func duration(field func(*Config) *time.Duration) func(*Config, string) error {
	return func(c *Config, value string) error {
		d, err := time.ParseDuration(value)
		if err != nil || d < time.Minute || d > 30*24*time.Hour {
			return errors.New("want a time between 1m and 720h, such as 4h or 90m")
		}
		*field(c) = d
		return nil
	}
}

func setProxies(c *Config, value string) error {
	for part := range strings.SplitSeq(value, ",") {
		p, err := netip.ParsePrefix(strings.TrimSpace(part))
		if err != nil {
			return errors.New("want networks such as 10.0.0.0/8, separated by commas")
		}
		c.Proxies = append(c.Proxies, p)
	}
	return nil
}

// secret reads a file that holds one secret line.
func secret(path string) (string, error) {
	value, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if len(value) > 4096 {
		return "", fmt.Errorf("%s is too large for a secret", path)
	}
	return strings.TrimSpace(string(value)), nil
}
