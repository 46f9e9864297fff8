"""Rotates a database user's credential for AWS Secrets Manager.

Two users take turns: while programs go over to the one, the other goes on working
until the next rotation. This function makes neither of them: oakum's own rotation
made the second like the first, and this function does nothing where they differ.

Secrets Manager calls it four times for a rotation, and again where a call was lost:
each step looks first what is done.

The secret is a JSON document with host, port, dbname, username and password. What is
set in the function's environment:

  OAKUM_USERS         the two users, "app_a,app_b"
  OAKUM_ADMIN_SECRET  the secret of the user who may change them
  OAKUM_CHECK         what is asked as the new user, "SELECT 1 FROM orders LIMIT 1"
  OAKUM_CA            a file of certificates in the function's package; by default Python's
  OAKUM_TLS           "off" has connections go without TLS
"""

import hashlib
import json
import os
import secrets
import ssl
import string

import boto3

PLACE = ("host", "port", "dbname")


def lambda_handler(event, context):
    secret, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    manager = boto3.client("secretsmanager")
    about = manager.describe_secret(SecretId=secret)
    if not about.get("RotationEnabled"):
        raise ValueError("the secret is not set up for rotation")
    stages = about.get("VersionIdsToStages", {}).get(token, [])
    if "AWSCURRENT" in stages:
        return  # it is over already
    if "AWSPENDING" not in stages and step != "createSecret":
        raise ValueError("the version of this rotation does not wait: it was not made, or was taken away")
    STEPS[step](manager, secret, token)


def create_secret(manager, secret, token):
    """Makes up the new credential, once: what waits already is what is used."""
    if pending(manager, secret, token) is not None:
        return
    current = read(manager, secret, VersionStage="AWSCURRENT")
    fresh = dict(current, username=other(current["username"]), password=new_password())
    manager.put_secret_value(SecretId=secret, ClientRequestToken=token, SecretString=json.dumps(fresh), VersionStages=["AWSPENDING"])


def set_secret(manager, secret, token):
    """Makes the new credential valid at the database."""
    current, fresh = both(manager, secret, token)
    if logs_in(fresh):
        return  # it was done, and its answer lost
    if not logs_in(current):
        raise ValueError("the current credential does not log in: nothing is changed")
    admin = read(manager, os.environ["OAKUM_ADMIN_SECRET"], VersionStage="AWSCURRENT")
    if admin["username"] in users():
        raise ValueError("the admin is one of the two users")
    if admin.get("host", current["host"]) != current["host"]:
        raise ValueError("the admin's secret is of another host")
    with connect(dict(current, username=admin["username"], password=admin["password"])) as database:
        set_password(database, current["username"], fresh["username"], fresh["password"])


def test_secret(manager, secret, token):
    """Uses the new credential as programs do."""
    _, fresh = both(manager, secret, token)
    with connect(fresh) as database:
        ask(database, os.environ.get("OAKUM_CHECK", "SELECT 1"))


def finish_secret(manager, secret, token):
    """Makes the new credential what programs read."""
    stages = manager.describe_secret(SecretId=secret)["VersionIdsToStages"]
    current = next((version for version, labels in stages.items() if "AWSCURRENT" in labels), None)
    if current == token:
        return
    manager.update_secret_version_stage(SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current)


STEPS = {"createSecret": create_secret, "setSecret": set_secret, "testSecret": test_secret, "finishSecret": finish_secret}


def both(manager, secret, token):
    """The current credential and the new one, which must be of the same database."""
    current = read(manager, secret, VersionStage="AWSCURRENT")
    fresh = pending(manager, secret, token)
    if fresh is None:
        raise ValueError("the new credential is not there: createSecret comes first")
    if any(current[name] != fresh[name] for name in PLACE) or fresh["username"] != other(current["username"]):
        raise ValueError("the new credential is of another database, or of a user whose turn it is not")
    return current, fresh


def pending(manager, secret, token):
    try:
        return read(manager, secret, VersionId=token, VersionStage="AWSPENDING")
    except manager.exceptions.ResourceNotFoundException:
        return None


def read(manager, secret, **version):
    value = json.loads(manager.get_secret_value(SecretId=secret, **version)["SecretString"])
    missing = [name for name in ("username", "password") if name not in value]
    if missing:
        raise ValueError("the secret has no " + " and no ".join(missing))
    return value


def users():
    names = os.environ["OAKUM_USERS"].split(",")
    if len(names) != 2 or names[0] == names[1] or "" in names:
        raise ValueError("OAKUM_USERS are two names, as app_a,app_b")
    return names


def other(name):
    a, b = users()
    if name not in (a, b):
        raise ValueError("the current user is neither of those that take turns")
    return b if name == a else a


def new_password():
    """Letters and digits, with one of each class that policies ask for: it means nothing in a URL or a DSN."""
    letters = string.ascii_letters + string.digits
    while True:
        p = "".join(secrets.choice(letters) for _ in range(32))
        p = p[:16] + "_" + p[17:]
        if any(c.islower() for c in p) and any(c.isupper() for c in p) and any(c.isdigit() for c in p):
            return p


def tls():
    if os.environ.get("OAKUM_TLS") == "off":
        return None
    return ssl.create_default_context(cafile=os.environ.get("OAKUM_CA"))


def logs_in(credential):
    try:
        with connect(credential):
            return True
    except REFUSED as error:
        if refused(error):
            return False
        raise
