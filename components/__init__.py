"""What operators speak of, as Pulumi components: servers, communes, their sites. One file each."""
