"""What the rig calls the services that AWS would give a name."""

DATABASE = "database.rig.us-east-1.rds.amazonaws.com"
CACHE = "master.cache.rig.use1.cache.amazonaws.com"
TRUSTSTORE = "truststore.pki.rds.amazonaws.com"
"""Where RDS publishes the certificates of its authorities; here it is the rig's."""
