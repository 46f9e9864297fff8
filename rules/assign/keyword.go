package assign

// Keywords are the lower-case literals that Parse is called on, in any case.
// Short names come with the byte that follows them in an assignment, so that
// words such as "passed" or "keyboard" are no hits.
func Keywords() []string {
	return []string{
		"password", "passwd", "passwrd", "passphrase", "passcode", "_pass", "pass=", "pass:", `pass"`, "pass'", "pass =", "pass  ", "pass>",
		"pwd=", "pwd:", `pwd"`, "pwd'", "pwd =", "pwd>", "_pwd", "pwd(", "pw=", "pw:", `_pw"`,
		"storepass", "keypass", "--pass",
		"secret", "token", "credential", "securestring", "identified by",
		"apikey", "api_key", "api-key", "access_key", "accesskey", "access-key",
		"private_key", "privatekey", "private-key", "auth_key", "authkey", "auth-key",
		"_key", "key=", "key:", `key"`, "key'", "key =", "key>", "key(",
		"_auth", `auth"`, "auth=", "auth:",
		"auth(", "login(", "connect(", "connection(", "pdo(", "mysqli(", "wifi.begin(", "jwt.sign(", "jwt.encode(", "keyspec(", // see positions
	}
}
